/** The page that the README shows as a whole client, taken from there and opened by two visitors. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server as PageServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launch, PATIENCE_MS } from '../support/browser.ts';
import { type Server, startServer } from '../support/server.ts';

const README = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8');

let server: Server;
let pages: PageServer;
let browser: Browser;

before(async () => {
  const [, page] = /```html\n(<!doctype html>[\s\S]*?)```/.exec(README) ?? [];
  assert.ok(page, 'README.md has a page in a block ```html');
  server = await startServer();
  const served = page.replaceAll('http://localhost:3000', server.url);
  // Another origin than the server's, as a page of one's own would be.
  pages = createServer((_, response) => response.setHeader('content-type', 'text/html').end(served));
  await once(pages.listen(0, '127.0.0.1'), 'listening');
  browser = await launch();
});

after(async () => {
  await browser?.close();
  pages?.close();
  await server?.stop();
});

async function open(wrongs: string[]): Promise<Page> {
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.on('pageerror', (error) => wrongs.push(error.message));
  await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
  return page;
}

/** Waits until as many pictures of others are moving, and no more are there. */
async function sees(page: Page, others: number): Promise<void> {
  await page.waitForFunction(
    (count) => {
      const videos = [...document.querySelectorAll('video')];
      const moving = videos.filter(
        (video) => video.videoWidth > 0 && video.getVideoPlaybackQuality().totalVideoFrames > 5,
      );
      return videos.length === count && moving.length === count;
    },
    others,
    { timeout: PATIENCE_MS },
  );
}

test("two pages of the README's client see one another, and one that is closed disappears", async () => {
  const wrongs: string[] = [];
  const alice = await open(wrongs);
  await sees(alice, 0);
  const bob = await open(wrongs);
  await Promise.all([sees(alice, 1), sees(bob, 1)]);
  await bob.close();
  await sees(alice, 0);
  assert.deepEqual(wrongs, []);
});
