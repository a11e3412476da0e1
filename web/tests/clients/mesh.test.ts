/** The mesh dialect as the npm client meets it, over each way of connecting. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { Client, TRANSPORTS } from '../support/client.ts';
import { type Server, startServer } from '../support/server.ts';

interface Row {
  peerId: string;
  socketId: string;
  userId: string;
  username?: string;
  guest?: boolean;
  joinedAt: number;
}

const SDP = `v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n${'a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n'.repeat(55)}`;

let server: Server;
let clients: Client[] = [];
before(async () => {
  server = await startServer();
});
after(() => server.stop());
afterEach(() => {
  for (const client of clients) client.close();
  clients = [];
});

for (const [name, options] of Object.entries(TRANSPORTS)) {
  describe(`mesh over ${name}`, () => {
    async function connect(auth: object = {}, namespace = ''): Promise<Client> {
      const client = new Client(`${server.url}${namespace}`, { ...options, auth });
      clients.push(client);
      await client.connected();
      if (name === 'polling with upgrade') await client.upgraded();
      return client;
    }

    /** Clients in a room of their own, in the order of joining, with nothing left to hear. */
    async function roomOf(count: number, namespace = ''): Promise<{ room: string; members: Client[] }> {
      const room = randomUUID();
      const members: Client[] = [];
      for (let index = 0; index < count; index++) {
        const client = await connect({}, namespace);
        assert.equal((await client.ask('join', { roomId: room })).success, true);
        await client.next('existing-peers');
        for (const member of members) await member.next('peer-joined');
        members.push(client);
      }
      return { room, members };
    }

    async function pair(namespace = ''): Promise<[Client, Client, string]> {
      const { room, members } = await roomOf(2, namespace);
      const [a, b] = members;
      assert.ok(a && b);
      return [a, b, room];
    }

    test('the first to join finds nobody, the second is told of the first and the first of the second', async () => {
      const room = randomUUID();
      const first = await connect({ username: 'Mina Park', userId: 'mina' });
      const second = await connect();
      const firstAck = await first.ask('join', { roomId: room });
      assert.equal(firstAck.success, true);
      assert.deepEqual(await first.next<Row[]>('existing-peers'), []);

      const secondAck = await second.ask('join', { roomId: room, userId: 'jonas' });
      assert.equal(secondAck.success, true);
      const [row, ...others] = await second.next<Row[]>('existing-peers');
      assert.ok(row);
      assert.deepEqual(others, []);
      assert.equal(row.peerId, first.id);
      assert.equal(row.socketId, first.id);
      assert.equal(row.userId, 'mina');
      assert.equal(row.username, 'Mina Park');
      assert.ok(Math.abs(row.joinedAt - Date.now()) < 60_000, `joinedAt ${row.joinedAt}`);

      const joined = await first.next<Row>('peer-joined');
      assert.equal(joined.peerId, second.id);
      assert.equal(joined.userId, 'jonas');
      assert.equal(joined.guest, true);
      assert.equal('username' in joined, false);
    });

    test('everybody else in a room hears of a newcomer, the newcomer does not', async () => {
      const { room, members } = await roomOf(3);
      const newcomer = await connect();
      await newcomer.ask('join', { roomId: room });
      const rows = await newcomer.next<Row[]>('existing-peers');
      assert.deepEqual(rows.map(({ peerId }) => peerId).sort(), members.map(({ id }) => id).sort());
      for (const member of members) assert.equal((await member.next<Row>('peer-joined')).peerId, newcomer.id);
      assert.deepEqual(newcomer.untaken, []);
    });

    test('joining again the room one is in tells the others nothing', async () => {
      const [a, b, room] = await pair();
      assert.equal((await a.ask('join', { roomId: room })).success, true);
      const rows = await a.next<Row[]>('existing-peers');
      assert.deepEqual(
        rows.map(({ peerId }) => peerId),
        [b.id],
      );
      await a.ask('ice-candidate', { to: b.id, candidate: null });
      await b.next('ice-candidate');
      assert.deepEqual(b.untaken, []);
    });

    test('an offer, an answer and candidates reach the one they are for, with the sender set by the server', async () => {
      const { members } = await roomOf(3);
      const [a, b, c] = members;
      assert.ok(a && b && c);
      const offer = { type: 'offer', sdp: SDP };
      const answer = { type: 'answer', sdp: SDP };
      const candidate = {
        candidate: 'candidate:1 1 UDP 2122252543 192.0.2.1 54400 typ host',
        sdpMid: '0',
        sdpMLineIndex: 0,
      };
      assert.ok(SDP.length > 3_000);
      assert.equal((await a.ask('offer', { to: b.id, from: 'somebody else', offer })).success, true);
      assert.deepEqual(await b.next('offer'), { from: a.id, offer });
      assert.equal((await b.ask('answer', { to: a.id, answer })).success, true);
      assert.deepEqual(await a.next('answer'), { from: b.id, answer });
      assert.equal((await a.ask('ice-candidate', { to: b.id, candidate })).success, true);
      assert.deepEqual(await b.next('ice-candidate'), { from: a.id, candidate });
      assert.deepEqual(c.untaken, []);
    });

    test('a relayed body keeps its members, their order, numbers and characters', async () => {
      const [a, b] = await pair();
      const odd = {
        zeta: 1,
        alpha: [0.1, -0, 1e21, 1.5e-9, 9007199254740991, null, true, [], {}, [[['deep']]]],
        '': 'empty name',
        '2': 'number as name',
        text: 'Grüße, 안녕하세요, 👋🏽, \u0000 \u001f \u2028 " \\ / \ud7ff',
      };
      const candidate = { candidate: '', sdpMid: 'süß', sdpMLineIndex: 0, usernameFragment: null, odd };
      await a.ask('ice-candidate', { to: b.id, candidate });
      const heard = await b.next<{ candidate: unknown }>('ice-candidate');
      assert.equal(JSON.stringify(heard.candidate), JSON.stringify(candidate));

      const offer = { sdp: `${SDP}a=title:안녕 👋\r\n`, type: 'offer', odd };
      await a.ask('offer', { to: b.id, offer });
      assert.equal(JSON.stringify((await b.next<{ offer: unknown }>('offer')).offer), JSON.stringify(offer));
    });

    test('the end of candidates passes in each of its forms', async () => {
      const [a, b] = await pair();
      for (const candidate of [null, '', { candidate: '', sdpMid: '0', sdpMLineIndex: 0 }]) {
        assert.equal((await a.ask('ice-candidate', { to: b.id, candidate })).success, true);
        assert.deepEqual((await b.next<{ candidate: unknown }>('ice-candidate')).candidate, candidate);
      }
    });

    test('300 candidates in a burst arrive, all and in order', async () => {
      const [a, b] = await pair();
      for (let index = 0; index < 300; index++) {
        a.socket.emit('ice-candidate', {
          to: b.id,
          candidate: { candidate: `candidate:${index}`, sdpMid: '0' },
        });
      }
      for (let index = 0; index < 300; index++) {
        const { candidate } = await b.next<{ candidate: { candidate: string } }>('ice-candidate');
        assert.equal(candidate.candidate, `candidate:${index}`);
      }
      assert.deepEqual(a.untaken, []);
    });

    test('a failure is told by the acknowledgement where there is one, else by the error event', async () => {
      const client = await connect();
      const ack = await client.ask('join', { roomId: 'a b' });
      assert.equal(ack.success, false);
      assert.equal(ack.error?.code, 'VALIDATION_ERROR');
      assert.ok(ack.error?.message);
      assert.deepEqual(client.untaken, []);

      client.socket.emit('join', { roomId: '' });
      const error = await client.next('error');
      assert.equal(error['code'], 'VALIDATION_ERROR');
      assert.equal(error['event'], 'join');
      assert.ok(error['message']);
      assert.equal(client.socket.connected, true);
    });

    test('an event that no dialect knows is an unknown event', async () => {
      const client = await connect();
      assert.equal((await client.ask('levitate', {})).error?.code, 'UNKNOWN_EVENT');
      client.socket.emit('levitate');
      assert.equal((await client.next('error'))['code'], 'UNKNOWN_EVENT');
    });

    test('payloads that are not what an event needs are refused, and the connection goes on', async () => {
      const [a, b, room] = await pair();
      const refused: [string, ...unknown[]][] = [
        ['join'],
        ['join', 'abc'],
        ['join', null],
        ['join', { roomId: 7 }],
        ['join', { roomId: 'x'.repeat(101) }],
        ['offer', { to: b.id }],
        ['offer', { to: b.id, offer: { type: 'offer', sdp: 'x=1' } }],
        ['answer', { to: b.id, offer: { type: 'offer', sdp: SDP } }],
        ['ice-candidate', { to: b.id }],
      ];
      for (const [event, ...args] of refused) {
        const { error } = await a.ask(event, ...args);
        assert.equal(error?.code, 'VALIDATION_ERROR', JSON.stringify([event, ...args]).slice(0, 80));
      }
      assert.equal((await a.ask('join', { roomId: room })).success, true);
      assert.deepEqual(b.untaken, []);
    });

    test('bytes in place of a description or a candidate are refused, and the connection goes on', async () => {
      const [a, b] = await pair();
      for (const [event, payload] of [
        ['offer', { to: b.id, offer: { type: 'offer', sdp: Buffer.from(SDP) } }],
        ['ice-candidate', { to: b.id, candidate: Buffer.from('candidate:1') }],
      ] as const) {
        assert.equal((await a.ask(event, payload)).error?.code, 'VALIDATION_ERROR', event);
        a.socket.emit(event, payload);
        assert.equal((await a.next('error'))['code'], 'VALIDATION_ERROR', event);
      }
      await a.ask('ice-candidate', { to: b.id, candidate: null });
      await b.next('ice-candidate');
      assert.deepEqual(b.untaken, []);
    });

    test('a peer in another room cannot be told from one that does not exist', async () => {
      const [a] = await pair();
      const [stranger] = await pair();
      const candidate = { candidate: 'candidate:1', sdpMid: '0' };
      const elsewhere = await a.ask('ice-candidate', { to: stranger.id, candidate });
      const nowhere = await a.ask('ice-candidate', { to: 'AAAAAAAAAAAAAAAAAAAA', candidate });
      const self = await a.ask('ice-candidate', { to: a.id, candidate });
      for (const ack of [elsewhere, nowhere, self]) assert.equal(ack.error?.code, 'PEER_NOT_FOUND');
      assert.deepEqual(stranger.untaken, []);
    });

    test('the eleventh is told that the room is full, and the ten hear nothing', async () => {
      const { room, members } = await roomOf(10);
      const eleventh = await connect();
      const { success, error } = await eleventh.ask('join', { roomId: room });
      assert.equal(success, false);
      assert.equal(error?.code, 'ROOM_FULL');
      const [first, second] = members;
      assert.ok(first && second);
      await first.ask('ice-candidate', { to: second.id, candidate: null });
      await second.next('ice-candidate');
      assert.deepEqual(second.untaken, []);

      first.socket.emit('leave', { roomId: room });
      assert.equal((await second.next<Row>('peer-left')).peerId, first.id);
      assert.equal((await eleventh.ask('join', { roomId: room })).success, true);
    });

    test('who leaves is gone for the others and can come back', async () => {
      const [a, b, room] = await pair();
      assert.equal((await a.ask('leave', { roomId: room })).success, true);
      assert.equal((await b.next<Row>('peer-left')).peerId, a.id);
      const candidate = null;
      assert.equal((await b.ask('ice-candidate', { to: a.id, candidate })).error?.code, 'PEER_NOT_FOUND');
      assert.equal((await a.ask('leave', { roomId: room })).error?.code, 'ROOM_NOT_FOUND');
      assert.equal((await a.ask('join', { roomId: room })).success, true);
      assert.equal((await b.next<Row>('peer-joined')).peerId, a.id);
    });

    test('leaving without a room leaves them all', async () => {
      const [a, b] = await pair();
      const other = randomUUID();
      await a.ask('join', { roomId: other });
      await b.ask('join', { roomId: other });
      await a.next('peer-joined');
      assert.equal((await a.ask('leave', {})).success, true);
      for (let count = 0; count < 2; count++) assert.equal((await b.next<Row>('peer-left')).peerId, a.id);
    });

    test('who disconnects is gone for the others', async () => {
      const [a, b] = await pair();
      const { id } = a;
      a.close();
      assert.equal((await b.next<Row>('peer-left')).peerId, id);
    });

    test('who is cut off without a word is gone for the others', async () => {
      const [a, b] = await pair();
      const { id } = a;
      a.socket.io.engine.close();
      assert.equal((await b.next<Row>('peer-left')).peerId, id);
    });

    test('the namespace /mesh is the same world as /', async () => {
      const [a, b, room] = await pair('/mesh');
      const c = await connect();
      await c.ask('join', { roomId: room });
      const rows = await c.next<Row[]>('existing-peers');
      assert.deepEqual(rows.map(({ peerId }) => peerId).sort(), [a.id, b.id].sort());
      assert.equal((await a.next<Row>('peer-joined')).peerId, c.id);
      await c.ask('offer', { to: a.id, offer: { type: 'offer', sdp: SDP } });
      assert.equal((await a.next('offer'))['from'], c.id);
    });

    test('a namespace that does not exist is refused by name', async () => {
      const client = new Client(`${server.url}/nowhere`, { ...options });
      clients.push(client);
      assert.equal((await client.refused()).message, 'Invalid namespace');
    });
  });
}
