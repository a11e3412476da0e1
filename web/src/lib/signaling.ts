/**
 * The mesh dialect over Socket.IO: rooms of peers addressed by their socket ids.
 *
 * Everything the demo says to the server is in this file; docs/PROTOCOL.md describes the events.
 */
import { io, type Socket } from 'socket.io-client';
import type { Signal } from './negotiation.ts';

const JOIN_TIMEOUT_MS = 10_000;
const HELD_SIGNALS_MAX = 500;
const RECONNECT_AFTER_DISMISSAL_MS = 2_000;

export interface PeerRow {
  peerId: string;
  userId: string;
  username?: string;
}

export interface Failure {
  code: string;
  message: string;
  /** When asking again may help, in milliseconds. */
  retryAfterMs?: number;
}

export interface SignalingHandlers {
  /** A connection stands. `resumed`: the server kept our place and our id, nothing was missed. */
  connected: (resumed: boolean) => void;
  /** The connection is gone; the client goes on trying by itself. */
  interrupted: () => void;
  /** The server turned us away at the door; the client does not try again by itself. */
  refused: (failure: Failure) => void;
  existingPeers: (peers: PeerRow[]) => void;
  peerJoined: (peer: PeerRow) => void;
  peerLeft: (peerId: string) => void;
  signal: (from: string, signal: Signal) => void;
  error: (failure: Failure) => void;
}

export interface SignalingOptions {
  username: string | undefined;
  /** Socket.IO transports in order of preference; the client's own default when absent. */
  transports: ('websocket' | 'polling')[] | undefined;
  handlers: SignalingHandlers;
}

type Ack = { success: true } | { success: false; error: Failure };
type Relay = { from: string } & Record<'offer' | 'answer', RTCSessionDescriptionInit> & {
    candidate: RTCIceCandidateInit | null;
  };

export class Signaling {
  readonly #socket: Socket;
  readonly #handlers: SignalingHandlers;
  /** Signals made while the connection is down; good only if the server kept our place. */
  #held: [event: string, payload: object][] = [];
  #dismissal: ReturnType<typeof setTimeout> | undefined;

  constructor({ username, transports, handlers }: SignalingOptions) {
    this.#handlers = handlers;
    this.#socket = io({
      auth: username === undefined ? {} : { username },
      reconnectionDelayMax: 5_000,
      ...(transports && { transports }),
    });
    this.#listen();
  }

  /** Our own peer id while connected. */
  get id(): string | undefined {
    return this.#socket.id;
  }

  /** Resolves when the server has us in the room; rejects with a `Failure`. */
  async join(roomId: string): Promise<void> {
    let ack: Ack;
    try {
      ack = await this.#socket.timeout(JOIN_TIMEOUT_MS).emitWithAck('join', { roomId });
    } catch {
      throw { code: 'TIMEOUT', message: 'The server did not answer in time.' } satisfies Failure;
    }
    if (!ack.success) throw ack.error;
  }

  relay(to: string, signal: Signal): void {
    if (signal.kind === 'candidate') this.#send('ice-candidate', { to, candidate: signal.candidate });
    else if (signal.description.type === 'offer') this.#send('offer', { to, offer: signal.description });
    else this.#send('answer', { to, answer: signal.description });
  }

  /** A new connection with a new id: whatever the server made of the old one, it is over. */
  startOver(): void {
    this.#socket.disconnect().connect();
  }

  leave(): void {
    clearTimeout(this.#dismissal);
    if (this.#socket.connected) this.#socket.emit('leave', {});
    this.#socket.disconnect();
  }

  #send(event: string, payload: object): void {
    if (this.#socket.connected) this.#socket.emit(event, payload);
    else if (this.#held.length < HELD_SIGNALS_MAX) this.#held.push([event, payload]);
  }

  #listen(): void {
    const socket = this.#socket;
    const handlers = this.#handlers;
    socket.on('connect', () => {
      const held = this.#held;
      this.#held = [];
      if (socket.recovered) for (const [event, payload] of held) socket.emit(event, payload);
      handlers.connected(socket.recovered);
    });
    socket.on('disconnect', (reason) => {
      if (reason === 'io client disconnect') return;
      // A server that closes the namespace itself is the one case the client does not retry alone.
      if (reason === 'io server disconnect')
        this.#dismissal = setTimeout(() => socket.connect(), RECONNECT_AFTER_DISMISSAL_MS);
      handlers.interrupted();
    });
    socket.on('connect_error', (error: Error & { data?: Partial<Failure> }) => {
      if (socket.active) handlers.interrupted();
      else handlers.refused({ code: 'REFUSED', ...error.data, message: error.message });
    });
    socket.on('existing-peers', handlers.existingPeers);
    socket.on('peer-joined', handlers.peerJoined);
    socket.on('peer-left', ({ peerId }: PeerRow) => handlers.peerLeft(peerId));
    socket.on('offer', ({ from, offer }: Relay) =>
      handlers.signal(from, { kind: 'description', description: offer }),
    );
    socket.on('answer', ({ from, answer }: Relay) =>
      handlers.signal(from, { kind: 'description', description: answer }),
    );
    socket.on('ice-candidate', ({ from, candidate }: Relay) =>
      handlers.signal(from, { kind: 'candidate', candidate }),
    );
    socket.on('error', handlers.error);
  }
}
