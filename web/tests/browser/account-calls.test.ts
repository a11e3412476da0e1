/** What a sign-in means in a call: who one is there, and what happens when it ends. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joined } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { ask, NO_LIMITS, register } from '../support/account.ts';
import { PATIENCE_MS, visit } from '../support/browser.ts';
import { Client } from '../support/client.ts';
import { startServer } from '../support/server.ts';
import { button, choose, expectComplaints, signedIn, signIn } from '../support/sign-in.ts';
import { stage } from '../support/stage.ts';

interface Row {
  peerId: string;
  userId: string;
  username?: string;
  guest?: boolean;
}

let watchers: Client[] = [];
afterEach(() => {
  for (const watcher of watchers) watcher.close();
  watchers = [];
});

/** A client in the room that hears who comes and goes. */
async function watch(origin: string, room: string, auth: object = {}): Promise<Client> {
  const watcher = new Client(origin, { transports: ['websocket'], auth });
  watchers.push(watcher);
  await watcher.connected();
  assert.equal((await watcher.ask('join', { roomId: room })).success, true);
  return watcher;
}

async function join(page: Page): Promise<void> {
  await button(page, 'Join').click();
  await page.getByRole('toolbar', { name: 'Call controls' }).waitFor();
}

const signedOut = (page: Page) => page.getByRole('heading', { name: 'You have been signed out' });
const dialog = (page: Page) => page.getByRole('dialog', { name: 'Sign in' });

describe('where guests are welcome', () => {
  const the = stage({ env: NO_LIMITS });

  for (const transport of ['websocket', 'polling']) {
    test(`who is signed in joins over ${transport} as that account, by its name`, async () => {
      const room = randomUUID();
      const watcher = await watch(the.server.url, room);
      const { page, userId } = await signedIn(the, { path: `/?transport=${transport}#${room}` });
      await join(page);
      const { username, guest, userId: told } = await watcher.next<Row>('peer-joined');
      assert.deepEqual({ username, guest, told }, { username: 'Mina Park', guest: undefined, told: userId });
    });
  }

  test('a guest joins as before, and is told to be one', async () => {
    const room = randomUUID();
    const watcher = await watch(the.server.url, room);
    await the.enter(room, 'Jonas');
    const { username, guest } = await watcher.next<Row>('peer-joined');
    assert.deepEqual({ username, guest }, { username: 'Jonas', guest: true });
  });

  test('a sign-in that is ended elsewhere ends the call within seconds, says so, and can be made anew', async () => {
    const room = randomUUID();
    const { page, token, email } = await signedIn(the, { path: `/#${room}` });
    await join(page);
    await page.getByText('You are the first one here').waitFor();
    await ask(the.server.url, '/api/auth/logout', { everywhere: true }, { token });
    await dialog(page).getByText('Your sign-in has ended').waitFor({ timeout: 5_000 });
    // Told once, in the page's words: not first as an error of the room, with another try after it.
    assert.equal(await page.getByText('Invalid token').count(), 0);
    await page.screenshot({ path: 'test-results/signed-out-of-a-call.png' });
    await signIn(page, email);
    await page.getByText('You join as').waitFor();
    await join(page);
    expectComplaints(the, '401');
  });

  test('who was signed out of a call can come back as a guest', async () => {
    const room = randomUUID();
    const watcher = await watch(the.server.url, room);
    const { page, token } = await signedIn(the, { path: `/#${room}` });
    await join(page);
    await watcher.next<Row>('peer-joined');
    await ask(the.server.url, '/api/auth/logout', { everywhere: true }, { token });
    await dialog(page).waitFor();
    await page.keyboard.press('Escape');
    await signedOut(page).waitFor();
    await page.screenshot({ path: 'test-results/signed-out.png' });
    await button(page, 'Join as a guest').click();
    await join(page);
    assert.equal((await watcher.next<Row>('peer-joined')).guest, true);
    expectComplaints(the, '401');
  });

  test('signing out in another tab ends the call in this one, and this one says why', async () => {
    const { page } = await signedIn(the, { path: `/#${randomUUID()}` });
    await join(page);
    const tab = await page.context().newPage();
    await tab.goto(the.server.url);
    await choose(tab, 'Sign out');
    await dialog(page).getByText('You signed out in another tab.').waitFor({ timeout: 5_000 });
  });

  test('a token that the server takes no more is renewed once, and the call goes on', async () => {
    const dataDir = mkdtempSync(joined(tmpdir(), 'paraclete-test-'));
    const secret = (text: string) => ({
      ...NO_LIMITS,
      JWT_SECRET: `${text} that is long enough for a server`,
    });
    let own = await startServer({ dataDir, env: secret('a first secret') });
    const { port } = own;
    const { email } = await register(own.url, 'Mina Park');
    const { page, wrongs, close } = await visit(the.browser, `${own.url}/#${randomUUID()}`);
    try {
      await button(page, 'Sign in').click();
      await signIn(page, email);
      await join(page);
      await page.getByText('You are the first one here').waitFor();
      await own.stop();
      await page.getByText('The line to the server is down').waitFor();
      const renewed = page.waitForResponse((response) => response.url().endsWith('/api/auth/refresh'));
      own = await startServer({ port, dataDir, env: secret('another secret') });
      assert.equal((await renewed).status(), 200);
      await page
        .getByText('The line to the server is down')
        .waitFor({ state: 'detached', timeout: PATIENCE_MS });
      await page.getByRole('status').getByText('Back in the room.').waitFor();
      assert.deepEqual(
        wrongs.filter((wrong) => !wrong.includes('ERR_CONNECTION_REFUSED') && !wrong.includes('socket.io')),
        [],
      );
    } finally {
      await close();
      await own.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});

describe('where a token is required', () => {
  const the = stage({ env: { ...NO_LIMITS, AUTH: 'required' } });

  test('a guest is led to the sign-in, joins after it, and is asked beforehand the next time', async () => {
    const { email } = await register(the.server.url, 'Mina Park');
    const page = await the.look(`/#${randomUUID()}`);
    await button(page, 'Join').click();
    await dialog(page).getByText('This server puts through those who are signed in').waitFor();
    await page.screenshot({ path: 'test-results/sign-in-required-dialog.png' });
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'Sign in to join' }).waitFor();
    await page.screenshot({ path: 'test-results/sign-in-required.png' });

    await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
    await signIn(page, email);
    await page.getByText('You join as').waitFor();
    await join(page);
    await button(page, 'Leave the call').click();
    await button(page, 'Come back in').click();
    await choose(page, 'Sign out');
    await button(page, 'Sign in to join').click();
    await dialog(page).waitFor();
    // Who is refused may be on the way from polling to a WebSocket.
    expectComplaints(the, 'closed before the connection is established');
  });

  test('who is signed in before sees nothing of it', async () => {
    const { page } = await signedIn(the, { path: `/#${randomUUID()}` });
    await join(page);
    await page.getByText('You are the first one here').waitFor();
  });
});

describe('where connections end with their tokens', () => {
  const the = stage({ env: { ...NO_LIMITS, CLOSE_ON_EXPIRY: 'true', JWT_EXPIRES_IN: '12s' } });

  test('a call outlives its tokens, and nobody in it notices', async () => {
    const room = randomUUID();
    const { page } = await signedIn(the, { path: `/#${room}` });
    const refreshes: number[] = [];
    page.on('response', (response) => {
      if (response.url().endsWith('/api/auth/refresh')) refreshes.push(response.status());
    });
    await join(page);
    const watcher = await watch(the.server.url, room);
    await page.getByRole('article', { name: /Guest/ }).waitFor();
    const began = performance.now();
    while (performance.now() - began < 16_000)
      await page.waitForResponse((response) => response.url().endsWith('/api/auth/refresh'));
    assert.ok(refreshes.length >= 3 && refreshes.length <= 5, `${refreshes.length} refreshes`);
    assert.ok(
      refreshes.every((status) => status === 200),
      String(refreshes),
    );
    await watcher.ask('leave', {});
    assert.deepEqual(
      watcher.untaken.filter((event) => event.startsWith('peer-')),
      [],
    );
  });

  test('a sign-in that has ended on the server ends the call when its token does', async () => {
    const { page, token } = await signedIn(the, { path: `/#${randomUUID()}` });
    await join(page);
    await ask(the.server.url, '/api/auth/logout', { everywhere: true }, { token });
    await dialog(page).getByText('Your sign-in has ended').waitFor();
    expectComplaints(the, '401');
  });
});
