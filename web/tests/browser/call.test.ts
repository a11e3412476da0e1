/** Calls between real pages. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import {
  join,
  PATIENCE_MS,
  type Person,
  seesAndHears,
  summary,
  type VisitOptions,
} from '../support/browser.ts';
import { type Server, startServer } from '../support/server.ts';
import { stage } from '../support/stage.ts';

const NAMES = ['Mina Park', 'Jonas', 'Aroha Tane'];

const the = stage();
const { enter } = the;

interface CallOptions extends VisitOptions {
  transport?: string;
}

async function call(
  count: number,
  options: CallOptions = {},
  ready: (present: readonly Person[]) => Promise<void> = allSeeAndHear,
): Promise<Person[]> {
  const room = randomUUID();
  const people: Person[] = [];
  for (const name of NAMES.slice(0, count)) people.push(await enter(room, name, options));
  await ready(people);
  return people;
}

async function pair({
  pictures,
  ...options
}: CallOptions & { pictures?: 'none' } = {}): Promise<[Person, Person]> {
  const [a, b] = await call(2, options, pictures === 'none' ? allConnected : allSeeAndHear);
  assert.ok(a && b);
  return [a, b];
}

async function allSeeAndHear(present: readonly Person[]): Promise<void> {
  for (const person of present)
    await seesAndHears(
      person,
      present.filter((other) => other !== person),
    );
}

async function allConnected(present: readonly Person[]): Promise<void> {
  for (const { page } of present) {
    await page.waitForFunction(
      (others) => window.__paraclete?.().filter(({ state }) => state === 'connected').length === others,
      present.length - 1,
    );
  }
}

async function shows(person: Person, peer: Person, wanted: 'camera' | 'screen' | 'off'): Promise<void> {
  await person.page.waitForFunction(
    ([name, picture]) => window.__paraclete?.().some((each) => each.name === name && each.shows === picture),
    [peer.name, wanted] as const,
  );
}

async function press(person: Person, name: string | RegExp): Promise<void> {
  await person.page.getByRole('toolbar').getByRole('button', { name }).click();
}

for (const transport of ['websocket', 'polling']) {
  for (const count of [2, 3]) {
    test(`${count} pages see and hear one another over ${transport}`, async () => {
      const [first] = await call(count, { transport });
      await first?.page.screenshot({ path: `test-results/call-${count}-${transport}.png` });
    });
  }
}

test('a message reaches everyone, with a badge where the chat is closed', async () => {
  const [a, b, c] = (await call(3)) as [Person, Person, Person];
  await press(a, 'Open chat');
  await press(b, 'Open chat');
  const field = a.page.getByRole('textbox', { name: 'Message to everyone' });
  await field.fill('Tea at <b>four</b>? 🍵');
  await field.press('Enter');
  await field.fill('Or five');
  await field.press('Enter');
  const log = b.page.getByRole('log');
  await log.getByText('Tea at <b>four</b>? 🍵').waitFor();
  await log.getByText('Or five').waitFor();
  assert.equal(await log.getByText('Mina Park').count(), 1);
  await c.page.getByRole('button', { name: 'Open chat, 2 unread' }).click();
  await c.page.getByRole('log').getByText('Or five').waitFor();
  await c.page.getByRole('button', { name: 'Close chat' }).waitFor();
});

test('mute is seen by the others, and unmute is heard', async () => {
  const [a, b] = await pair();
  await press(a, 'Mute');
  await b.page.getByRole('article', { name: a.name }).getByTitle('Muted').waitFor();
  await press(a, 'Unmute');
  await b.page.getByRole('article', { name: a.name }).getByTitle('Muted').waitFor({ state: 'detached' });
  await seesAndHears(b, [a]);
});

test('a camera that goes off leaves the initials, and comes back', async () => {
  const [a, b] = await pair();
  await press(a, 'Turn camera off');
  await shows(b, a, 'off');
  await b.page.getByRole('article', { name: a.name }).getByText('MP').waitFor();
  await press(a, 'Turn camera on');
  await shows(b, a, 'camera');
  await seesAndHears(b, [a]);
});

/** Keeps the captured track, so that the test can end it as the browser's own button does. */
function holdScreenTrack(): void {
  const devices = navigator.mediaDevices;
  const original = devices.getDisplayMedia.bind(devices);
  devices.getDisplayMedia = async (options) => {
    const stream = await original(options);
    Object.assign(window, { screenTrack: stream.getVideoTracks()[0] });
    return stream;
  };
}

test('a shared screen takes the place of the camera, until the browser ends it', async () => {
  const [a, b] = await pair({ before: holdScreenTrack });
  await press(a, 'Share your screen');
  await shows(b, a, 'screen');
  await b.page.getByRole('article', { name: `${a.name}, sharing a screen` }).waitFor();
  await seesAndHears(b, [a]);
  await a.page.evaluate(() => {
    const { screenTrack } = window as unknown as { screenTrack: MediaStreamTrack };
    screenTrack.stop();
    screenTrack.dispatchEvent(new Event('ended'));
  });
  await shows(b, a, 'camera');
  await a.page.getByRole('button', { name: 'Share your screen' }).waitFor();
  await seesAndHears(b, [a]);
});

function withoutCamera(): void {
  const devices = navigator.mediaDevices;
  const original = devices.enumerateDevices.bind(devices);
  devices.enumerateDevices = async () => (await original()).filter(({ kind }) => kind !== 'videoinput');
}

test('who has no camera can join, hear and be heard, and share a screen all the same', async () => {
  const room = randomUUID();
  const a = await enter(room, 'Mina Park');
  const b = await enter(room, 'Jonas', { before: withoutCamera });
  await seesAndHears(b, [a]);
  await a.page.getByRole('article', { name: 'Jonas' }).getByText('J', { exact: true }).waitFor();
  assert.deepEqual(
    (await summary(a.page)).map(({ shows }) => shows),
    ['off'],
  );
  await press(b, 'Share your screen');
  await shows(a, b, 'screen');
  await seesAndHears(a, [b]);
  await press(b, 'Stop sharing your screen');
  await shows(a, b, 'off');
});

test('two who begin to share at the same moment both get through', async () => {
  const [a, b] = await pair({ before: withoutCamera, pictures: 'none' });
  await Promise.all([press(a, 'Share your screen'), press(b, 'Share your screen')]);
  await Promise.all([shows(a, b, 'screen'), shows(b, a, 'screen')]);
  await allSeeAndHear([a, b]);
});

/** Keeps the connections, so that the test can tell the page that one has failed. */
function holdConnections(): void {
  const held: RTCPeerConnection[] = [];
  Object.assign(window, { held });
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      held.push(this);
    }
  };
}

function iceUserOf(person: Person): Promise<string | undefined> {
  return person.page.evaluate(() => {
    const { held } = window as unknown as { held: RTCPeerConnection[] };
    return /a=ice-ufrag:(\S+)/.exec(held.at(-1)?.currentRemoteDescription?.sdp ?? '')?.[1];
  });
}

test('a connection that fails is taken up again by an ICE restart', async () => {
  const [a, b] = await pair({ before: holdConnections });
  const earlier = await iceUserOf(b);
  assert.ok(earlier);
  await a.page.evaluate(() => {
    const { held } = window as unknown as { held: RTCPeerConnection[] };
    const connection = held.at(-1);
    if (!connection) throw new Error('no connection');
    Object.defineProperty(connection, 'connectionState', { value: 'failed', configurable: true });
    connection.dispatchEvent(new Event('connectionstatechange'));
    Reflect.deleteProperty(connection, 'connectionState');
  });
  await b.page.waitForFunction((before) => {
    const { held } = window as unknown as { held: RTCPeerConnection[] };
    const [, user] = /a=ice-ufrag:(\S+)/.exec(held.at(-1)?.currentRemoteDescription?.sdp ?? '') ?? [];
    return user !== undefined && user !== before;
  }, earlier);
  await a.page.waitForFunction(() => {
    const { held } = window as unknown as { held: RTCPeerConnection[] };
    return held.at(-1)?.connectionState === 'connected' && held.at(-1)?.signalingState === 'stable';
  });
  await seesAndHears(b, [a]);
});

function withoutDevices(): void {
  navigator.mediaDevices.enumerateDevices = async () => [];
}

test('two without camera and microphone can still chat', async () => {
  const room = randomUUID();
  const a = await enter(room, 'Mina Park', { before: withoutDevices });
  const b = await enter(room, 'Jonas', { before: withoutDevices });
  await a.page.getByTitle('connected', { exact: true }).waitFor();
  await press(a, 'Open chat');
  await a.page.waitForFunction(() => window.__paraclete?.()[0]?.microphone === 'none');
  await a.page.getByRole('textbox', { name: 'Message to everyone' }).fill('still here');
  await a.page.getByRole('button', { name: 'Send' }).click();
  await press(b, /Open chat/);
  await b.page.getByRole('log').getByText('still here').waitFor();
});

for (const transport of ['websocket', 'polling']) {
  test(`people who come and go over ${transport} are announced, and their tiles with them`, async () => {
    const [a, b] = await pair({ transport });
    const news = a.page.getByRole('status').filter({ hasText: 'Jonas' });
    await news.getByText('Jonas joined').waitFor();
    await press(b, 'Leave the call');
    await b.page.getByRole('heading', { name: 'You left the room' }).waitFor();
    await a.page.getByRole('status').getByText('Jonas left').waitFor();
    await a.page.getByText('You are the first one here.').waitFor();
    assert.deepEqual(await summary(a.page), []);
    await b.page.getByRole('button', { name: 'Come back in' }).click();
    await b.page.getByRole('button', { name: 'Join' }).click();
    await allSeeAndHear([a, b]);
  });
}

test('a page that is closed is seen to leave', async () => {
  const [a, b] = await pair();
  await b.page.close();
  await a.page.getByRole('status').getByText('Jonas left').waitFor();
});

test('the statistics show each connection, its route and its plots', async () => {
  const [a] = await pair();
  await press(a, 'Show statistics');
  const section = a.page.getByRole('region', { name: 'Connection to Jonas' });
  await section.getByText('direct, UDP').waitFor();
  await section.getByText(/↓ [1-9].*b\/s/).waitFor();
  assert.equal(await section.getByRole('img').count(), 3);
});

test('when the server goes down the call goes on, and everyone finds back into the room', async () => {
  const own = await startServer();
  const room = randomUUID();
  let restarted: Server | undefined;
  try {
    const pairOf: Person[] = [];
    for (const name of ['Mina Park', 'Jonas']) pairOf.push(await join(the.browser, own.url, { room, name }));
    await allSeeAndHear(pairOf);
    await own.stop();
    for (const { page } of pairOf) await page.getByText('The line to the server is down').waitFor();
    await allSeeAndHear(pairOf);
    restarted = await startServer({ port: own.port });
    for (const { page } of pairOf) {
      await page
        .getByText('The line to the server is down')
        .waitFor({ state: 'detached', timeout: PATIENCE_MS });
    }
    await allSeeAndHear(pairOf);
    for (const person of pairOf) await person.close();
  } finally {
    await restarted?.stop();
    await own.stop();
  }
});
