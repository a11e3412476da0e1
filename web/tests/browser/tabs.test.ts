/** One sign-in in several tabs of a browser: what is kept where, and that no token is spent twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { NO_LIMITS } from '../support/account.ts';
import { button, choose, field, signedIn } from '../support/sign-in.ts';
import { stage } from '../support/stage.ts';

const the = stage({ env: NO_LIMITS });

async function another(page: Page): Promise<Page> {
  const tab = await page.context().newPage();
  await tab.goto(the.server.url);
  return tab;
}

/** Opening the profile needs a token: a new page has to refresh for it. */
async function seeProfile(page: Page): Promise<void> {
  await choose(page, 'Profile');
  await field(page, 'Name').waitFor();
  await page.keyboard.press('Escape');
}

/** All that the page has put anywhere. */
function stored(page: Page): Promise<{ local: string; session: string; database: string }> {
  return page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((done, failed) => {
      const opening = indexedDB.open('paraclete');
      opening.onsuccess = () => done(opening.result);
      opening.onerror = () => failed(opening.error);
    });
    const kept: unknown[] = [];
    for (const name of database.objectStoreNames) {
      const all = database.transaction(name).objectStore(name).getAll();
      kept.push(await new Promise((done) => all.addEventListener('success', () => done(all.result))));
    }
    database.close();
    return {
      local: JSON.stringify(localStorage),
      session: JSON.stringify(sessionStorage),
      database: JSON.stringify(kept),
    };
  });
}

test('who stays signed in is so in every tab and after a reload; the access token is kept nowhere', async () => {
  const { page } = await signedIn(the, { stay: true });
  const tab = await another(page);
  await button(tab, 'Account: Mina Park').waitFor();
  await seeProfile(tab);
  await page.reload();
  await seeProfile(page);
  const { local, session, database } = await stored(page);
  assert.match(database, /pr_/);
  assert.doesNotMatch(local + session, /pr_/);
  assert.doesNotMatch(local + session + database, /eyJ/);
});

test('who does not stay is signed in in this tab alone, which may be reloaded', async () => {
  const { page } = await signedIn(the, { stay: false });
  const { local, session, database } = await stored(page);
  assert.doesNotMatch(local + database, /pr_/);
  assert.match(session, /pr_/);
  for (let reloads = 0; reloads < 3; reloads++) {
    await page.reload();
    await seeProfile(page);
  }
  const tab = await another(page);
  await button(tab, 'Sign in').waitFor();
});

test('tabs that refresh at the same moment all go on, each with a token of its own', async () => {
  const { page } = await signedIn(the, { stay: true });
  const tabs = await Promise.all([another(page), another(page), another(page), another(page)]);
  const answers: number[] = [];
  page.context().on('response', (response) => {
    if (response.url().endsWith('/api/auth/refresh')) answers.push(response.status());
  });
  await Promise.all(tabs.map(seeProfile));
  assert.deepEqual(answers, [200, 200, 200, 200]);
  for (let round = 0; round < 4; round++) {
    for (const tab of tabs) await tab.reload();
    await Promise.all(tabs.map(seeProfile));
  }
  assert.deepEqual(answers, Array(20).fill(200));
});

test('a duplicated tab is a guest, and the one that it was copied from stays signed in', async () => {
  const { page } = await signedIn(the, { stay: false });
  const popup = page.waitForEvent('popup');
  // A tab that a page opens gets a copy of its sessionStorage, as a duplicated one does.
  await page.evaluate(() => void window.open('/'));
  const copy = await popup;
  await button(copy, 'Sign in').waitFor();
  assert.doesNotMatch((await stored(copy)).session, /pr_/);
  await page.reload();
  await seeProfile(page);
});

test('signing out in one tab is signing out in all of them', async () => {
  const { page } = await signedIn(the, { stay: true });
  const tab = await another(page);
  await button(tab, 'Account: Mina Park').waitFor();
  await choose(page, 'Sign out');
  await button(tab, 'Sign in').waitFor();
  const { local, session, database } = await stored(tab);
  assert.doesNotMatch(local + session + database, /pr_|Mina/);
});

function withoutLocks(): void {
  Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });
}

test('a browser without locks keeps nothing, and says so before one signs in', async () => {
  const { page } = await signedIn(the, { stay: false, before: withoutLocks });
  const { local, session, database } = await stored(page);
  assert.doesNotMatch(local + session + database, /pr_/);
  await seeProfile(page);
  await page.reload();
  await button(page, 'Sign in').click();
  await page.getByText('This browser keeps you signed in until the page is closed.').waitFor();
});

function withoutStorage(): void {
  for (const name of ['localStorage', 'sessionStorage'])
    Object.defineProperty(window, name, {
      get() {
        throw new DOMException('blocked', 'SecurityError');
      },
    });
}

test('where storage is blocked one signs in for as long as the page is open', async () => {
  const { page } = await signedIn(the, { stay: true, before: withoutStorage });
  await seeProfile(page);
  await choose(page, 'Sign out');
  await button(page, 'Sign in').waitFor();
});
