import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountPass, guestPass } from '../../src/lib/account/pass.ts';
import { Refusal } from '../../src/lib/account/refusal.ts';
import { NOTE_KEY, TOKEN_KEY } from '../../src/lib/account/vault.ts';
import { BrowserOfTabs, LIFE_MS, MemoryStore } from '../support/accounts.ts';

const CREDENTIALS = { email: 'mina@example.com', password: 'correct horse' };
const SIGNED_OUT = { code: 'SIGNED_OUT' };

async function signedIn(stay: 'signed in' | 'for this tab' = 'signed in') {
  const browser = new BrowserOfTabs();
  const tab = new MemoryStore();
  const page = browser.open(tab);
  await page.session.signIn(CREDENTIALS, stay);
  return { browser, tab, ...page };
}

test('a sign-in gives the account and a token that serves until shortly before its end', async () => {
  const { browser, session, changes } = await signedIn();
  const { accounts } = browser;
  assert.deepEqual(session.account, { userId: 'u1', name: 'Mina Park', email: 'mina@example.com' });
  assert.deepEqual(changes, ['Mina Park']);
  const first = await session.token();
  accounts.nowMs += LIFE_MS - 30_001;
  assert.equal(await session.token(), first);
  accounts.nowMs += 1;
  assert.notEqual(await session.token(), first);
  assert.deepEqual(accounts.calls, ['login', 'refresh']);
});

test('a registration signs in under the name that was given', async () => {
  const { session } = new BrowserOfTabs().open();
  await session.register({ ...CREDENTIALS, name: 'Jonas' }, 'for this tab');
  assert.equal(session.account?.name, 'Jonas');
});

test('"stay signed in" keeps the refresh token with the browser, else it is the tab\'s, and the access token is nobody\'s', async () => {
  const staying = await signedIn('signed in');
  const passing = await signedIn('for this tab');
  assert.deepEqual([...staying.browser.local.items.keys()], [NOTE_KEY]);
  assert.deepEqual(staying.browser.secrets.kept, { userId: 'u1', refreshToken: 'family1.2' });
  assert.equal(staying.tab.items.size, 0);
  assert.equal(passing.browser.local.items.size, 0);
  assert.equal(passing.browser.secrets.kept, undefined);
  assert.deepEqual([...passing.tab.items.keys()].sort(), [TOKEN_KEY, NOTE_KEY]);
  assert.equal(passing.tab.items.get(TOKEN_KEY), 'family1.2');
  for (const { session, browser, tab } of [staying, passing]) {
    const token = await session.token();
    for (const value of [...browser.local.items.values(), ...tab.items.values()])
      assert.ok(!value.includes(token));
  }
});

test('a page that is opened later is signed in at once, and refreshes only when a token is needed', async () => {
  const { browser, tab } = await signedIn();
  const later = browser.open(tab);
  assert.equal(later.session.account?.name, 'Mina Park');
  assert.deepEqual(browser.accounts.calls, ['login']);
  await later.session.token();
  assert.deepEqual(browser.accounts.calls, ['login', 'refresh']);
});

test('one page asks once for however many need a token at the same moment', async () => {
  const { browser, session } = await signedIn();
  const tokens = await Promise.all([session.renew(), session.renew(), session.renew()]);
  assert.equal(new Set(tokens).size, 1);
  assert.deepEqual(browser.accounts.calls, ['login', 'refresh']);
});

test('ten tabs that refresh at once never spend the same token twice', async () => {
  const { browser } = await signedIn();
  const tabs = Array.from({ length: 10 }, () => browser.open());
  for (let round = 0; round < 3; round++) {
    const tokens = await Promise.all(tabs.map(({ session }) => session.renew()));
    assert.equal(new Set(tokens).size, 10);
  }
  assert.equal(browser.accounts.living, 1);
  assert.equal(browser.accounts.calls.filter((call) => call === 'refresh').length, 30);
});

test('a tab that has not heard yet that another signed out, or signed in as somebody else, spends nothing', async () => {
  const { browser, session } = await signedIn();
  const [late, later] = [browser.open(), browser.open()];
  await session.signOut('here');
  await assert.rejects(late.session.renew(), {
    code: 'SIGNED_OUT',
    message: 'You signed out in another tab.',
  });
  const { login } = browser.accounts.api;
  browser.accounts.api.login = async (credentials) => ({ ...(await login(credentials)), userId: 'u2' });
  await session.signIn(CREDENTIALS, 'signed in');
  await assert.rejects(later.session.renew(), SIGNED_OUT);
  assert.deepEqual(browser.accounts.calls, ['login', 'logout', 'login']);
  assert.equal(browser.secrets.kept?.userId, 'u2');
});

test('a duplicated tab goes on as a guest and leaves the sign-in to the one that it was copied from', async () => {
  const { browser, tab, session } = await signedIn('for this tab');
  const copied = tab.copy();
  const copy = browser.open(copied);
  await assert.rejects(copy.session.token(), SIGNED_OUT);
  assert.equal(copy.session.account, undefined);
  assert.equal(copied.items.size, 0);
  assert.deepEqual(copy.changes, [undefined]);
  await session.renew();
  assert.deepEqual(browser.accounts.calls, ['login', 'refresh']);
});

test('a tab that is reloaded stays signed in', async () => {
  const { browser, tab } = await signedIn('for this tab');
  browser.letGo();
  const reloaded = browser.open(tab);
  await reloaded.session.token();
  assert.equal(reloaded.session.account?.name, 'Mina Park');
});

test('without locks nothing is kept beyond the page', async () => {
  const browser = new BrowserOfTabs();
  const tab = new MemoryStore();
  const { session } = browser.open(tab, 'without locks');
  await session.signIn(CREDENTIALS, 'signed in');
  await session.renew();
  assert.equal(session.account?.name, 'Mina Park');
  assert.deepEqual([browser.local.items.size, tab.items.size], [0, 0]);
  assert.equal(browser.open(tab, 'without locks').session.account, undefined);
});

test('a store that turns full leaves no spent token behind, and the page goes on', async () => {
  const { browser, session } = await signedIn();
  browser.secrets.blocked = true;
  await session.renew();
  assert.equal(browser.secrets.kept, undefined);
  assert.equal(browser.local.items.size, 0);
  await session.renew();
  assert.equal(session.account?.name, 'Mina Park');
});

test('what is kept and was meddled with counts as nothing', () => {
  for (const value of ['', '{', 'null', '7', '{"claim":"x"}', '{"claim":1,"account":{}}']) {
    const browser = new BrowserOfTabs();
    browser.local.setItem(NOTE_KEY, value);
    assert.equal(browser.open().session.account, undefined, value);
  }
});

for (const status of [400, 401, 403]) {
  test(`a refresh that is refused with ${status} ends the sign-in, and says so`, async () => {
    const { browser, session, changes } = await signedIn();
    browser.accounts.refuse = new Refusal('AUTH001', 'Invalid token', { status });
    await assert.rejects(session.renew(), SIGNED_OUT);
    assert.equal(session.account, undefined);
    assert.equal(browser.local.items.size, 0);
    assert.deepEqual(changes, ['Mina Park', undefined]);
  });
}

for (const refusal of [
  new Refusal('OFFLINE', ''),
  new Refusal('TIMEOUT', ''),
  new Refusal('UNAVAILABLE', '', { status: 503 }),
  new Refusal('RATE_LIMIT', '', { status: 429 }),
  new Refusal('INTERNAL', '', { status: 500 }),
  new Refusal('HTTP_404', '', { status: 404 }),
]) {
  test(`${refusal.code} at a refresh is told, and the sign-in stands`, async () => {
    const { browser, session } = await signedIn();
    browser.accounts.refuse = refusal;
    await assert.rejects(session.renew(), refusal);
    assert.equal(session.account?.name, 'Mina Park');
    await session.renew();
  });
}

test('signing out tells the server, forgets the tokens, and reaches the other tabs', async () => {
  const { browser, session } = await signedIn();
  const other = browser.open();
  assert.equal(await session.signOut('here'), 'told');
  assert.equal(session.account, undefined);
  assert.equal(browser.local.items.size, 0);
  assert.equal(browser.accounts.living, 0);
  other.session.followOtherTab();
  assert.equal(other.session.account, undefined);
  await assert.rejects(other.session.token(), {
    code: 'SIGNED_OUT',
    message: 'You signed out in another tab.',
  });
});

test('a refresh that waits while another tab signs out brings nothing back', async () => {
  const { browser, session } = await signedIn();
  const other = browser.open();
  const [, renewed] = await Promise.allSettled([session.signOut('here'), other.session.renew()]);
  assert.equal(renewed.status, 'rejected');
  assert.equal(browser.local.items.size, 0);
  assert.deepEqual(browser.accounts.calls, ['login', 'logout']);
});

test('offline one signs out of this browser all the same, but not of every device', async () => {
  const { browser, session } = await signedIn();
  browser.accounts.refuse = new Refusal('OFFLINE', '');
  await assert.rejects(session.signOut('everywhere'), { code: 'OFFLINE' });
  assert.equal(session.account?.name, 'Mina Park');
  browser.accounts.refuse = new Refusal('OFFLINE', '');
  assert.equal(await session.signOut('here'), 'untold');
  assert.equal(session.account, undefined);
  assert.equal(browser.local.items.size, 0);
});

test('signing out of a sign-in that is over already is signing out', async () => {
  const { browser, session } = await signedIn();
  browser.accounts.revoke('family1');
  browser.accounts.nowMs += LIFE_MS;
  assert.equal(await session.signOut('everywhere'), 'told');
  assert.equal(session.account, undefined);
});

test('a call that is refused with an old token is made once more with a new one', async () => {
  const { browser, session } = await signedIn();
  browser.accounts.refuse = new Refusal('AUTH002', 'Token expired', { status: 401 });
  assert.equal((await session.profile()).name, 'Mina Park');
  assert.deepEqual(browser.accounts.calls, ['login', 'profile', 'refresh', 'profile']);
});

test('a new name is shown at once, and the next token tells it', async () => {
  const { browser, session, changes } = await signedIn();
  const before = await session.token();
  await session.changeProfile({ name: 'Mina P.' });
  assert.deepEqual(changes, ['Mina Park', 'Mina P.']);
  assert.notEqual(await session.token(), before);
  assert.equal(browser.open().session.account?.name, 'Mina P.');
});

test('a wrong present password is asked for once, with a token that cannot be at fault', async () => {
  const { browser, session } = await signedIn();
  const { accounts } = browser;
  const { changePassword } = accounts.api;
  accounts.api.changePassword = async (...change) => {
    await changePassword(...change);
    throw new Refusal('AUTH001', 'Wrong password', { status: 401 });
  };
  await assert.rejects(session.changePassword('wrong', 'new password'), { code: 'AUTH001', status: 401 });
  assert.deepEqual(accounts.calls, ['login', 'refresh', 'changePassword']);
  assert.equal(session.account?.name, 'Mina Park');
});

test('a guest shows a name or nothing, an account its token alone', async () => {
  const { session } = await signedIn();
  assert.deepEqual(await guestPass('Mina').auth(), { username: 'Mina' });
  assert.deepEqual(await guestPass(undefined).auth(), {});
  assert.deepEqual(await accountPass(session).auth(), { token: await session.token() });
});

test('who joined is not replaced by another account that signs in meanwhile', async () => {
  const { browser, session } = await signedIn();
  const pass = accountPass(session);
  const { login } = browser.accounts.api;
  browser.accounts.api.login = async (credentials) => ({ ...(await login(credentials)), userId: 'u2' });
  await session.signIn(CREDENTIALS, 'signed in');
  await assert.rejects(pass.auth(), SIGNED_OUT);
  assert.equal((await pass.account?.giveUp())?.code, 'SIGNED_OUT');
  assert.equal(session.account?.userId, 'u2');
});

test('a sign-in whose new tokens the server does not take is given up', async () => {
  const { session } = await signedIn();
  assert.equal((await accountPass(session).account?.giveUp())?.code, 'SIGNED_OUT');
  assert.equal(session.account, undefined);
});
