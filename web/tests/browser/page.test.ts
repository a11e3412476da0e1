/** The page itself: every state of it readable, reachable and within a phone's width. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { PATIENCE_MS, type VisitOptions } from '../support/browser.ts';
import { Client } from '../support/client.ts';
import { eachState, type States } from '../support/looks.ts';
import { stage } from '../support/stage.ts';

const the = stage();
const { look } = the;

async function enter(room: string, name: string, options: VisitOptions = {}): Promise<Page> {
  return (await the.enter(room, name, options)).page;
}

function noDevices(): void {
  navigator.mediaDevices.enumerateDevices = async () => [];
}

function denied(): void {
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
}

const STATES: States = {
  landing: (options) => look('/', options),
  'pre-join': async (options) => {
    const page = await look(`/#${randomUUID()}`, options);
    await page.getByRole('button', { name: 'Turn camera off' }).waitFor();
    return page;
  },
  'pre-join without devices': async (options) => {
    const page = await look(`/#${randomUUID()}`, { ...options, before: noDevices });
    await page.getByText('No camera found').waitFor();
    return page;
  },
  'pre-join denied': async (options) => {
    const page = await look(`/#${randomUUID()}`, { ...options, before: denied });
    await page.getByText('This page may not use your camera').waitFor();
    await page.getByText('This page may not use your microphone').waitFor();
    return page;
  },
  alone: async (options) => {
    const page = await enter(randomUUID(), 'Mina Park', options);
    await page.getByText('You are the first one here').waitFor();
    return page;
  },
  'call with chat and statistics': async (options) => {
    const room = randomUUID();
    await enter(room, 'Jonas', { before: noDevices });
    const page = await enter(room, 'Mina Park', options);
    await page.getByTitle('connected', { exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'Show statistics' }).click();
    await page.getByRole('button', { name: 'Open chat' }).click();
    await page.getByRole('textbox', { name: 'Message to everyone' }).fill('hello');
    await page.getByRole('button', { name: 'Send' }).click();
    return page;
  },
  help: async (options) => {
    const page = await enter(randomUUID(), 'Mina Park', options);
    await page.getByRole('button', { name: 'Help: keyboard shortcuts' }).click();
    await page.getByRole('heading', { name: 'Keyboard' }).waitFor();
    return page;
  },
  settings: async (options) => {
    const page = await enter(randomUUID(), 'Mina Park', options);
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByLabel('Camera', { exact: true }).waitFor();
    return page;
  },
  left: async (options) => {
    const page = await enter(randomUUID(), 'Mina Park', options);
    await page.getByRole('button', { name: 'Leave the call' }).click();
    await page.getByRole('heading', { name: 'You left the room' }).waitFor();
    return page;
  },
  'misnamed room': async (options) => {
    const page = await look('/#a%20b', options);
    await page.getByRole('heading', { name: 'No room has that name' }).waitFor();
    return page;
  },
};

eachState(STATES);

test('a room is opened, joined and used by keyboard alone', async () => {
  const page = await look('/');
  const { keyboard } = page;
  const reach = async (name: RegExp) => {
    for (let presses = 0; presses < 25; presses++) {
      await keyboard.press('Tab');
      const label = await page.evaluate(() => {
        const focused = document.activeElement;
        const labels = focused instanceof HTMLInputElement ? focused.labels?.[0]?.textContent : undefined;
        return labels ?? focused?.getAttribute('aria-label') ?? focused?.textContent ?? '';
      });
      if (!name.test(label)) continue;
      const ring = await page.evaluate(() => {
        const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement ?? document.body);
        return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2;
      });
      assert.ok(ring, `the focus on ${label} cannot be seen`);
      return;
    }
    assert.fail(`Tab never comes to ${name}`);
  };

  await reach(/Open a new room/);
  await keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Ready to join?' }).waitFor();
  await reach(/Your name/);
  await keyboard.type('Mina');
  await reach(/^\s*Join/);
  await keyboard.press('Enter');
  await page.getByText('You are the first one here').waitFor();

  await keyboard.press('m');
  await page.getByRole('button', { name: 'Unmute' }).waitFor();
  await keyboard.press('v');
  await page.getByRole('button', { name: 'Turn camera on' }).waitFor();
  await keyboard.press('c');
  const field = page.getByRole('textbox', { name: 'Message to everyone' });
  await field.waitFor();
  await keyboard.type('mvc');
  assert.equal(await field.inputValue(), 'mvc');
  await keyboard.press('Escape');
  await field.waitFor({ state: 'detached' });
  await keyboard.press('?');
  await page.getByRole('heading', { name: 'Keyboard' }).waitFor();
  await keyboard.press('Escape');
  await reach(/Leave the call/);
  await keyboard.press('Enter');
  await page.getByRole('heading', { name: 'You left the room' }).waitFor();
});

test('a room that is full says so, and lets one in when there is a place', async () => {
  const room = randomUUID();
  const clients: Client[] = [];
  try {
    for (let index = 0; index < 10; index++) {
      const client = new Client(the.server.url, { transports: ['websocket'] });
      clients.push(client);
      await client.connected();
      assert.equal((await client.ask('join', { roomId: room })).success, true);
    }
    const page = await look(`/#${room}`);
    await page.getByRole('button', { name: 'Join' }).click();
    await page.getByRole('heading', { name: 'This room is full' }).waitFor();
    await page.screenshot({ path: 'test-results/full.png' });
    for (const client of clients) client.close();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Join' }).click();
    await page.getByText('You are the first one here').waitFor();
  } finally {
    for (const client of clients) client.close();
  }
});

test('a name of one letter is asked for again', async () => {
  const page = await look(`/#${randomUUID()}`);
  await page.getByLabel('Your name').fill('M');
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByText('A name has 2 to 50 characters').waitFor();
  await page.getByLabel('Your name').fill('Mi');
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByRole('toolbar', { name: 'Call controls' }).waitFor();
});

test('a link in the query form opens the room, and becomes a fragment', async () => {
  const page = await look('/?room=tea-room&transport=websocket');
  await page.getByRole('heading', { name: 'Ready to join?' }).waitFor();
  const { search, hash } = new URL(page.url());
  assert.deepEqual({ search, hash }, { search: '?transport=websocket', hash: '#tea-room' });
});

test('a pasted link enters its room, and nonsense is explained', async () => {
  const page = await look('/');
  const field = page.getByLabel('Or enter one you were given');
  await field.fill('a');
  await field.press('Enter');
  await page.getByText('A room has 3 to 100 letters').waitFor();
  await field.fill(`${the.server.url}/#tea-room`);
  await field.press('Enter');
  await page.getByRole('heading', { name: 'Ready to join?' }).waitFor();
  await page.goBack();
  await page.getByRole('button', { name: 'Open a new room' }).waitFor();
});

test('the link to a room is copied', async () => {
  const page = await look('/#tea-room', { permissions: ['clipboard-read', 'clipboard-write'] });
  await page.getByRole('button', { name: 'Copy the link to this room' }).click();
  await page.getByText('Link copied').waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${the.server.url}/#tea-room`);
});

test('the colours can be chosen against those of the system, and stay', async () => {
  const page = await look('/', { colorScheme: 'light' });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByRole('button', { name: /Colours: as the system/ }).click();
  await page.getByRole('button', { name: /Colours: light/ }).click();
  await page.getByRole('button', { name: /Colours: dark/ }).waitFor();
  const dark = await ground();
  assert.notEqual(dark, light);
  await page.reload();
  await page.waitForFunction((wanted) => getComputedStyle(document.body).backgroundColor === wanted, dark, {
    timeout: PATIENCE_MS,
  });
});
