/** Tokens as the npm client meets them: who is let in, who is not and how that is told, and what ends a connection. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import type { ManagerOptions, SocketOptions } from 'socket.io-client';
import { ask, NO_LIMITS, PASSWORD, register, SECRET, signed } from '../support/account.ts';
import { Client, TRANSPORTS } from '../support/client.ts';
import { type Server, startServer } from '../support/server.ts';

interface Row {
  userId: string;
  username?: string;
  guest?: boolean;
}

const ENDED_WITHIN_MS = 5_000;
const BASE = { ...NO_LIMITS, JWT_SECRET: SECRET };

let open: Server;
let closed: Server;
/** Takes tokens from the query, too, and ends connections with their tokens. */
let strict: Server;
let clients: Client[] = [];
before(async () => {
  [open, closed, strict] = await Promise.all([
    startServer({ env: { ...BASE, AUTH: 'optional' } }),
    startServer({ env: { ...BASE, AUTH: 'required' } }),
    startServer({ env: { ...BASE, AUTH: 'required', TOKEN_IN_QUERY: 'true', CLOSE_ON_EXPIRY: 'true' } }),
  ]);
});
after(async () => {
  for (const server of [open, closed, strict]) await server?.stop();
});
afterEach(() => {
  for (const client of clients) client.close();
  clients = [];
});

function refusal(error: Error & { data?: unknown }): [string, unknown] {
  return [error.message, error.data];
}

const NO_TOKEN = ['Authentication error', { code: 'AUTH001' }];
const INVALID = ['Invalid token', { code: 'AUTH001' }];
const EXPIRED = ['Token expired', { code: 'AUTH002' }];

/** Seconds since 1970, so far from now. */
const at = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;

for (const [name, transports] of Object.entries(TRANSPORTS)) {
  describe(`tokens over ${name}`, () => {
    function dial(
      server: Server,
      { namespace = '', ...options }: Partial<ManagerOptions & SocketOptions> & { namespace?: string } = {},
    ): Client {
      const client = new Client(server.url + namespace, { ...transports, ...options });
      clients.push(client);
      return client;
    }

    const enter = (server: Server, auth: object) => dial(server, { auth }).connected();
    const turnedAway = async (server: Server, auth: object) =>
      refusal(await dial(server, { auth }).refused());

    /** How the others in a room see this one. */
    async function seen(server: Server, client: Client): Promise<Row> {
      const room = randomUUID();
      const watcher = await enter(server, { token: signed({ userId: `watcher-${room}` }) });
      assert.equal((await watcher.ask('join', { roomId: room })).success, true);
      assert.equal((await client.ask('join', { roomId: room })).success, true);
      const { userId, username, guest } = await watcher.next<Row & object>('peer-joined');
      return { userId, ...(username && { username }), ...(guest && { guest }) };
    }

    test('who registers is let in by the token, as that account', async () => {
      const { userId, token } = await register(closed.url, 'Mina Park');
      const client = await enter(closed, { token, username: 'Somebody Else' });
      assert.deepEqual(await seen(closed, client), { userId, username: 'Mina Park' });
    });

    test("an app's own token is taken, by userId or sub, in every way that it may be sent", async () => {
      const token = signed({ userId: 'ada', name: 'Ada' });
      const client = await enter(closed, { token });
      assert.deepEqual(await seen(closed, client), { userId: 'ada', username: 'Ada' });
      await enter(closed, { token: signed({ sub: 'ada' }) });
      await dial(strict, { query: { token } }).connected();
      await dial(closed, { extraHeaders: { authorization: `Bearer ${token}` } }).connected();
      // A query is written to logs on the way, so it counts only where it was switched on.
      assert.deepEqual(refusal(await dial(closed, { query: { token } }).refused()), NO_TOKEN);
    });

    test('without a token one is a guest, or is turned away where a token is required', async () => {
      const { guest } = await seen(open, await enter(open, {}));
      assert.equal(guest, true);
      assert.deepEqual(await turnedAway(closed, {}), NO_TOKEN);
      assert.deepEqual(await turnedAway(closed, { userId: 'ada', username: 'Ada' }), NO_TOKEN);
    });

    test('a bad token is invalid for everyone, and its bearer never a guest', async () => {
      const { refreshToken } = await register(open.url, 'Mina Park');
      const good = signed({ userId: 'ada' });
      const [header, , signature] = good.split('.');
      const claims = Buffer.from(JSON.stringify({ userId: 'eve', exp: at(60) })).toString('base64url');
      const bad = {
        'no token at all': 'nonsense',
        'another secret': signed({ userId: 'ada' }, { secret: 'x'.repeat(40) }),
        'no algorithm': signed({ userId: 'ada' }, { header: { alg: 'none' } }),
        'another algorithm': signed({ userId: 'ada' }, { header: { alg: 'HS512' } }),
        'other claims under the same signature': `${header}.${claims}.${signature}`,
        'no signature': good.slice(0, good.lastIndexOf('.') + 1),
        'no user': signed({}),
        'no expiry': signed({ userId: 'ada', exp: undefined }),
        'an expiry that is no number': signed({ userId: 'ada', exp: 'tomorrow' }),
        'not valid yet': signed({ userId: 'ada', nbf: at(600) }),
        'a refresh token': refreshToken,
      };
      for (const [what, token] of Object.entries(bad)) {
        for (const server of [open, closed])
          assert.deepEqual(await turnedAway(server, { token }), INVALID, what);
      }
    });

    test('an expired token is told from an invalid one', async () => {
      const token = signed({ userId: 'ada', iat: at(-7_200), exp: at(-3_600) });
      for (const server of [open, closed]) assert.deepEqual(await turnedAway(server, { token }), EXPIRED);
    });

    test('a namespace that is not served is refused as that, whoever asks', async () => {
      const token = signed({ userId: 'ada' });
      for (const namespace of ['/nowhere', '/t/nobody']) {
        for (const auth of [{ token }, {}]) {
          const { message } = await dial(open, { namespace, auth }).refused();
          assert.equal(message, 'Invalid namespace', namespace);
        }
      }
      await dial(closed, { namespace: '/mesh', auth: { token } }).connected();
      const { message } = await dial(closed, { namespace: '/nowhere', auth: { token } }).refused();
      assert.equal(message, 'Invalid namespace');
    });

    test('a guest may not go by the id of an account', async () => {
      const { userId } = await register(open.url, 'Mina Park');
      const guest = await enter(open, {});
      const { error } = await guest.ask('join', { roomId: randomUUID(), userId });
      assert.equal(error?.code, 'FORBIDDEN');
      assert.equal((await guest.ask('join', { roomId: randomUUID(), userId: 'nobody-yet' })).success, true);
    });

    test('authenticate takes another token of the same user, and nothing else', async () => {
      const { userId, token } = await register(closed.url, 'Mina Park');
      const client = await enter(closed, { token });
      const expiresAt = at(1_800);
      const taken = await client.ask('authenticate', { token: signed({ userId, exp: expiresAt }) });
      assert.deepEqual(taken, { success: true, expiresAt: expiresAt * 1_000 });

      const refused = async (payload: unknown) => (await client.ask('authenticate', payload)).error?.code;
      assert.equal(await refused({ token: signed({ userId: 'eve' }) }), 'FORBIDDEN');
      assert.equal(await refused({ token: 'nonsense' }), 'AUTH_ERROR');
      assert.equal(
        await refused({ token: signed({ userId, iat: at(-7_200), exp: at(-3_600) }) }),
        'AUTH_ERROR',
      );
      assert.equal(await refused({}), 'VALIDATION_ERROR');
      assert.equal((await client.ask('join', { roomId: randomUUID() })).success, true);
    });

    test('a token that runs out is warned of, and ends the connection unless another is shown', async () => {
      const exp = at(4);
      const ending = await enter(strict, { token: signed({ userId: 'ada', exp }) });
      const lasting = await enter(strict, { token: signed({ userId: 'bob', exp }) });
      for (const client of [ending, lasting])
        assert.deepEqual(await client.next('token-expiring'), { expiresAt: exp * 1_000 });
      const another = signed({ userId: 'bob' });
      assert.equal((await lasting.ask('authenticate', { token: another })).success, true);

      assert.deepEqual(await ending.next('error'), {
        code: 'AUTH_ERROR',
        message: 'Token expired',
        event: 'connect',
      });
      await ending.ended();
      assert.equal((await lasting.ask('join', { roomId: randomUUID() })).success, true);
      assert.deepEqual(lasting.untaken, ['existing-peers']);
    });

    test('logging out ends the connections of that sign-in within 5 s, and of no other', async () => {
      const { token, refreshToken, email } = await register(open.url, 'Mina Park');
      const elsewhere = await ask(open.url, '/api/auth/login', { email, password: PASSWORD });
      const first = await enter(open, { token });
      const second = await enter(open, { token: elsewhere.body['token'] });
      const began = performance.now();
      await ask(open.url, '/api/auth/logout', { refreshToken }, { token });
      assert.deepEqual(await first.next('error'), {
        code: 'AUTH_ERROR',
        message: 'Invalid token',
        event: 'connect',
      });
      await first.ended();
      assert.ok(performance.now() - began < ENDED_WITHIN_MS);
      assert.equal((await second.ask('join', { roomId: randomUUID() })).success, true);
      assert.deepEqual(await turnedAway(open, { token }), INVALID);
      assert.equal((await ask(open.url, '/api/auth/refresh', { refreshToken })).status, 401);
    });

    test('logging out everywhere ends them all, and who logs in after it is let in', async () => {
      const { token, email } = await register(open.url, 'Mina Park');
      const login = () => ask(open.url, '/api/auth/login', { email, password: PASSWORD });
      const other = (await login()).body['token'];
      const both = [await enter(open, { token }), await enter(open, { token: other })];
      await ask(open.url, '/api/auth/logout', { everywhere: true }, { token });
      for (const client of both) {
        assert.equal((await client.next('error'))['code'], 'AUTH_ERROR');
        await client.ended();
      }
      assert.deepEqual(await turnedAway(open, { token: other }), INVALID);
      await enter(open, { token: (await login()).body['token'] });
    });
  });
}
