// The mesh flow on npm socket.io with its default `ws` transport, written the way its documentation suggests:
// rooms are socket.io's own, and a signal goes to its target only if the two share a room.
//
//   PORT=0 HOST=127.0.0.1 node server.js
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { Server } from "socket.io";

const require = createRequire(import.meta.url);

if (process.argv.includes("--version")) {
  const version = (name) => require(`${name}/package.json`).version;
  console.log(`socket.io ${version("socket.io")}, ws ${version("ws")}, Node ${process.versions.node}`);
  process.exit(0);
}

const httpServer = createServer();
const io = new Server(httpServer, { serveClient: false });

io.on("connection", (socket) => {
  const userId = `guest-${socket.id}`;
  socket.data.userId = userId;

  socket.on("join", ({ roomId }) => {
    const members = io.of("/").adapter.rooms.get(roomId) ?? new Set();
    const peers = [...members].map((id) => ({
      peerId: id,
      socketId: id,
      userId: io.of("/").sockets.get(id)?.data.userId,
      guest: true,
    }));
    socket.join(roomId);
    socket.emit("existing-peers", peers);
    socket.to(roomId).emit("peer-joined", { peerId: socket.id, userId, guest: true });
  });

  for (const [event, member] of [["offer", "offer"], ["answer", "answer"], ["ice-candidate", "candidate"]]) {
    socket.on(event, (signal) => {
      const target = io.of("/").sockets.get(signal.to);
      if (!target || !shareRoom(socket, target)) {
        socket.emit("error", { code: "PEER_NOT_FOUND", message: "No such peer in your rooms", event });
        return;
      }
      target.emit(event, { from: socket.id, [member]: signal[member] });
    });
  }

  socket.on("disconnecting", () => {
    for (const roomId of socket.rooms) {
      if (roomId !== socket.id) socket.to(roomId).emit("peer-left", { peerId: socket.id, userId });
    }
  });
});

// Every socket is alone in the room of its own id, so a room in common is always a joined one.
function shareRoom(one, other) {
  for (const roomId of one.rooms) {
    if (other.rooms.has(roomId)) return true;
  }
  return false;
}

httpServer.listen(Number(process.env.PORT ?? 0), process.env.HOST ?? "127.0.0.1", () => {
  const { address, port } = httpServer.address();
  console.log(`listening on http://${address}:${port}`);
});
