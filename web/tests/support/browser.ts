/** Real pages in the system's Chromium, with a fake camera and microphone, each watched for what must not happen. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join as joined } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { PeerSummary } from '../../src/lib/diagnostics.ts';

/** Two cores shared with a build and nine video codecs: patience is part of the test. */
export const PATIENCE_MS = 60_000;

/** The names by which `scripts/setup.sh` looks for it too, in its order. */
const NAMES = [process.env['CHROMIUM'], 'chromium', 'chromium-browser', 'google-chrome'];

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream=fps=15',
  '--allow-loopback-in-peer-connection',
  // Pages behind others in the same window go on decoding.
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
  '--disable-background-timer-throttling',
];

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: executable(), headless: true, args: FLAGS });
}

function executable(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const places = NAMES.flatMap((name) => {
    if (!name) return [];
    return name.includes('/') ? [name] : folders.map((folder) => joined(folder, name));
  });
  const found = places.find(mayBeRun);
  if (!found) throw new Error('no Chromium: name one by CHROMIUM, or run scripts/setup.sh chromium');
  return found;
}

function mayBeRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A page in a profile of its own, with everything on record that a visitor should never cause. */
export interface Visit {
  page: Page;
  /** Console errors, uncaught errors, policy violations and requests to other hosts. */
  wrongs: string[];
  close: () => Promise<void>;
}

export interface VisitOptions extends BrowserContextOptions {
  /** Runs in the page before its own scripts: a device that is missing, a permission denied. */
  before?: () => void;
}

export async function visit(
  browser: Browser,
  url: string,
  { before, ...options }: VisitOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const wrongs: string[] = [];
  const { host } = new URL(url);
  page.on('pageerror', (error) => wrongs.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') wrongs.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const requested = new URL(request.url());
    if (requested.protocol.startsWith('http') && requested.host !== host)
      wrongs.push(`request: ${request.url()}`);
  });
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).host !== host) wrongs.push(`websocket: ${socket.url()}`);
  });
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      console.error(`policy: ${violatedDirective} blocked ${blockedURI}`);
    });
  });
  if (before) await page.addInitScript(before);
  await page.goto(url);
  return { page, wrongs, close: () => context.close() };
}

export interface Person extends Visit {
  name: string;
}

export interface JoinOptions extends VisitOptions {
  room: string;
  name: string;
  transport?: string | undefined;
}

/** Visits a room and joins it as a person would. */
export async function join(
  browser: Browser,
  origin: string,
  { room, name, transport, ...options }: JoinOptions,
): Promise<Person> {
  const query = transport ? `?transport=${transport}` : '';
  const visited = await visit(browser, `${origin}/${query}#${room}`, options);
  await visited.page.getByLabel('Your name').fill(name);
  await visited.page.getByRole('button', { name: 'Join' }).click();
  await visited.page.getByRole('toolbar', { name: 'Call controls' }).waitFor();
  return { ...visited, name };
}

/** What the page's own diagnostics hook says of its connections. */
export function summary(page: Page): Promise<PeerSummary[]> {
  return page.evaluate(() => window.__paraclete?.() ?? []);
}

/** Waits until sound and picture from each of `others` go on arriving: not that they once did. */
export async function seesAndHears(person: Person, others: readonly Person[]): Promise<void> {
  const names = others.map(({ name }) => name).sort();
  await person.page.waitForFunction(
    (expected) => {
      const peers = window.__paraclete?.() ?? [];
      const connected = peers.filter(({ state }) => state === 'connected');
      return JSON.stringify(connected.map(({ name }) => name).sort()) === JSON.stringify(expected);
    },
    names,
    { timeout: PATIENCE_MS },
  );
  const before = await summary(person.page);
  await person.page.waitForFunction(
    (earlier) => {
      const now = window.__paraclete?.() ?? [];
      return earlier.every(({ peerId, totals }) => {
        const later = now.find((peer) => peer.peerId === peerId)?.totals;
        return (
          later !== undefined &&
          later.framesDecoded > (totals?.framesDecoded ?? 0) + 5 &&
          later.audioPacketsReceived > (totals?.audioPacketsReceived ?? 0) + 20
        );
      });
    },
    before,
    { timeout: PATIENCE_MS },
  );
}
