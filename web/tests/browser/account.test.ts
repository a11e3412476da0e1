/** Sign-in on the page: each state of its dialogs, and what they do. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { ask, NO_LIMITS, newEmail, PASSWORD, register } from '../support/account.ts';
import { eachState, type States } from '../support/looks.ts';
import {
  answer,
  button,
  choose,
  expectComplaints,
  field,
  openSignIn,
  openSignUp,
  signedIn,
  signIn,
  submit,
} from '../support/sign-in.ts';
import { stage } from '../support/stage.ts';

const the = stage({ env: NO_LIMITS });

const STATES: States = {
  'sign in': (options) => openSignIn(the, options),
  'sign in with slips': async (options) => {
    const page = await openSignIn(the, options);
    await field(page, 'Email').fill('mina');
    await submit(page);
    await page.getByText('This is no email address').waitFor();
    return page;
  },
  'create an account': (options) => openSignUp(the, options),
  'create an account with slips': async (options) => {
    const page = await openSignUp(the, options);
    await field(page, 'Name').fill('M');
    await field(page, 'Email').fill('mina@');
    await field(page, 'Password').fill('short');
    await button(page, 'Show: Password').click();
    await submit(page);
    await page.getByText('this one has 5').waitFor();
    return page;
  },
  'sign in after too many tries': async (options) => {
    const page = await openSignIn(the, options);
    await answer(page, '/api/auth/login', { status: 429, headers: { 'retry-after': '840' }, body: '{}' });
    await signIn(page, newEmail());
    await page.getByText(/Too many tries\. Try again in 14 minutes, at \d+:\d\d\./).waitFor();
    expectComplaints(the, '429');
    return page;
  },
  'signed in': async (options) => (await signedIn(the, options)).page,
  'account menu': async (options) => {
    const name = 'Wilhelmina Featherstonehaugh-Park of Dunedin';
    const { page } = await signedIn(the, { ...options, name });
    await button(page, /^Account:/).click();
    await button(page, 'Sign out everywhere').waitFor();
    return page;
  },
  profile: async (options) => {
    const { page } = await signedIn(the, options);
    await choose(page, 'Profile');
    await field(page, 'Picture (web address)').waitFor();
    return page;
  },
  'profile that cannot be fetched': async (options) => {
    const { page } = await signedIn(the, options);
    await answer(page, '/api/users/me', 'no connection');
    await choose(page, 'Profile');
    await page.getByText('The server cannot be reached').waitFor();
    expectComplaints(the, 'ERR_INTERNET_DISCONNECTED');
    return page;
  },
  'change password': async (options) => {
    const { page } = await signedIn(the, options);
    await choose(page, 'Change password');
    await field(page, 'New password').waitFor();
    return page;
  },
  'sign out everywhere': async (options) => {
    const { page } = await signedIn(the, options);
    await choose(page, 'Sign out everywhere');
    await page.getByText('Every device and browser').waitFor();
    return page;
  },
  'pre-join with an account': async (options) => {
    const { page } = await signedIn(the, { ...options, path: `/#${randomUUID()}` });
    await page.getByText('You join as').waitFor();
    return page;
  },
};

eachState(STATES);

/** What screen readers say after the label of the field that has the focus. */
function described(page: Page): Promise<string> {
  return page.evaluate(() => {
    const ids = document.activeElement?.getAttribute('aria-describedby')?.split(' ') ?? [];
    return ids.map((id) => document.getElementById(id)?.textContent ?? '').join(' ');
  });
}

test('an account is created, and signs in again after signing out', async () => {
  const page = await openSignUp(the);
  const email = newEmail();
  await field(page, 'Name').fill('Mina Park');
  await field(page, 'Email').fill(email);
  await field(page, 'Password').fill(PASSWORD);
  await submit(page);
  await button(page, 'Account: Mina Park').waitFor();
  await page.getByRole('status').getByText('Signed in as Mina Park').waitFor();

  await choose(page, 'Sign out');
  await page.getByRole('status').getByText('Signed out').waitFor();
  await button(page, 'Sign in').click();
  await signIn(page, email.toUpperCase());
  await button(page, 'Account: Mina Park').waitFor();
});

test('the forms tell password managers what they are for', async () => {
  const page = await openSignIn(the);
  const fields = () =>
    page
      .getByRole('dialog')
      .locator('input:not([type=checkbox])')
      .evaluateAll((inputs) =>
        (inputs as HTMLInputElement[]).map(({ type, autocomplete, required }) => ({
          type,
          autocomplete,
          required,
        })),
      );
  const email = { type: 'email', autocomplete: 'email', required: true };
  assert.deepEqual(await fields(), [
    email,
    { type: 'password', autocomplete: 'current-password', required: true },
  ]);
  await button(page, 'Create an account').click();
  assert.deepEqual(await fields(), [
    { type: 'text', autocomplete: 'name', required: true },
    email,
    { type: 'password', autocomplete: 'new-password', required: true },
  ]);
});

test('a slip is told at its field, which gets the focus, and is gone when it is mended', async () => {
  const page = await openSignUp(the);
  await field(page, 'Name').fill('Mina');
  await field(page, 'Email').fill(newEmail());
  await field(page, 'Password').fill('short');
  await submit(page);
  await page.getByText('A password has at least 8 characters; this one has 5.').waitFor();
  assert.match(await described(page), /8 to 128 characters.*this one has 5/);
  assert.equal(await field(page, 'Password').getAttribute('aria-invalid'), 'true');
  await page.keyboard.type('er than not');
  assert.equal(await field(page, 'Password').getAttribute('aria-invalid'), 'false');
  await page.getByText('this one has 5').waitFor({ state: 'detached' });
});

test('a password can be looked at while it is typed', async () => {
  const page = await openSignIn(the);
  const password = field(page, 'Password');
  await password.fill('abc');
  assert.equal(await password.getAttribute('type'), 'password');
  await button(page, 'Show: Password').click();
  assert.equal(await password.getAttribute('type'), 'text');
  assert.equal(await password.inputValue(), 'abc');
  await button(page, 'Hide: Password').click();
  assert.equal(await password.getAttribute('type'), 'password');
});

test('wrong credentials and an email that is taken are told at the field to mend', async () => {
  const { email } = await register(the.server.url, 'Mina Park');
  const page = await openSignIn(the);
  await signIn(page, email, { password: 'not this one' });
  await page.getByText('This email and this password do not belong together.').waitFor();
  assert.match(await described(page), /do not belong together/);

  await button(page, 'Create an account').click();
  await field(page, 'Name').fill('Mina Park');
  await submit(page);
  await page.getByText('There is an account with this email. Sign in to it instead.').waitFor();
  assert.match(await described(page), /There is an account/);
  expectComplaints(the, '401', '409');
});

test('what the server alone finds wrong is told at the field, in its words', async () => {
  const page = await openSignIn(the);
  await signIn(page, 'mina..park@example.com');
  await page.getByText(/^must be an email address/).waitFor();
  assert.match(await described(page), /must be an email address/);
  expectComplaints(the, '400');
});

test('a server that is busy and a line that is down are told, and what was typed stays', async () => {
  const page = await openSignIn(the);
  await answer(page, '/api/auth/login', { status: 503, headers: { 'retry-after': '1' }, body: '{}' });
  await signIn(page, newEmail());
  await page.getByRole('alert').getByText('Try again in a moment.').waitFor();
  await page.unrouteAll();
  await answer(page, '/api/auth/login', 'no connection');
  await submit(page);
  await page.getByRole('alert').getByText('The server cannot be reached.').waitFor();
  assert.equal(await field(page, 'Password').inputValue(), PASSWORD);
  expectComplaints(the, '503', 'ERR_INTERNET_DISCONNECTED');
});

test('one signs in, reads the menu and signs out by keyboard alone', async () => {
  const { email } = await register(the.server.url, 'Mina Park');
  const page = await the.look('/');
  const { keyboard } = page;
  const focused = () =>
    page.evaluate(() => {
      const { activeElement } = document;
      const labels =
        activeElement instanceof HTMLInputElement ? activeElement.labels?.[0]?.textContent : undefined;
      return (labels ?? activeElement?.getAttribute('aria-label') ?? activeElement?.textContent ?? '').trim();
    });
  await keyboard.press('Tab');
  assert.equal(await focused(), 'Sign in');
  await keyboard.press('Enter');
  assert.equal(await focused(), 'Email');
  await keyboard.type(email);
  await keyboard.press('Tab');
  assert.equal(await focused(), 'Password');
  await keyboard.type(PASSWORD);
  await keyboard.press('Enter');
  await button(page, 'Account: Mina Park').waitFor();
  assert.match(await focused(), /Account: ?Mina Park$/);

  await keyboard.press('Enter');
  await keyboard.press('Tab');
  assert.equal(await focused(), 'Profile');
  await keyboard.press('Escape');
  await button(page, 'Profile').waitFor({ state: 'detached' });
  assert.match(await focused(), /Account: ?Mina Park$/);
  await keyboard.press('Enter');
  for (let presses = 0; presses < 3; presses++) await keyboard.press('Tab');
  assert.equal(await focused(), 'Sign out');
  await keyboard.press('Enter');
  await button(page, 'Sign in').waitFor();
  assert.equal(await focused(), 'Sign in');
});

test('name and picture are changed, and both are there the next time', async () => {
  const { page, token } = await signedIn(the);
  await choose(page, 'Profile');
  await field(page, 'Name').fill('Mina P.');
  await field(page, 'Picture (web address)').fill('javascript:alert(1)');
  await submit(page);
  await page.getByText('This is no web address').waitFor();
  await field(page, 'Picture (web address)').fill('https://example.com/mina.png');
  await submit(page);
  await button(page, 'Account: Mina P.').waitFor();

  await choose(page, 'Profile');
  await field(page, 'Picture (web address)').waitFor();
  assert.equal(await field(page, 'Picture (web address)').inputValue(), 'https://example.com/mina.png');
  await field(page, 'Picture (web address)').fill('');
  await submit(page);
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const { body } = await ask(the.server.url, '/api/users/me', {}, { token, method: 'PATCH' });
  assert.deepEqual([body['name'], body['avatar'] ?? null], ['Mina P.', null]);
});

test('a password is changed with the current one, and other devices are signed out', async () => {
  const { page, email, refreshToken } = await signedIn(the);
  await choose(page, 'Change password');
  await field(page, 'Current password').fill('not this one');
  await field(page, 'New password').fill('four other words now');
  await submit(page);
  await page.getByText('This is not your current password.').waitFor();
  await field(page, 'Current password').fill(PASSWORD);
  await submit(page);
  await page.getByRole('status').getByText('Password changed').waitFor();
  assert.equal((await ask(the.server.url, '/api/auth/refresh', { refreshToken })).status, 401);

  await choose(page, 'Profile');
  await field(page, 'Name').waitFor();
  await page.keyboard.press('Escape');
  await choose(page, 'Sign out');
  await button(page, 'Sign in').click();
  await signIn(page, email, { password: 'four other words now' });
  await button(page, 'Account: Mina Park').waitFor();
  expectComplaints(the, '401');
});

test('signing out everywhere ends the other sign-ins, too', async () => {
  const { page, refreshToken } = await signedIn(the);
  await choose(page, 'Sign out everywhere');
  await submit(page);
  await page.getByRole('status').getByText('Signed out on every device').waitFor();
  await button(page, 'Sign in').waitFor();
  assert.equal((await ask(the.server.url, '/api/auth/refresh', { refreshToken })).status, 401);
});

test('whose sign-in was ended elsewhere is told so when it is needed next', async () => {
  const { page, token } = await signedIn(the);
  assert.equal(
    (await ask(the.server.url, '/api/auth/logout', { everywhere: true }, { token })).status < 300,
    true,
  );
  await choose(page, 'Profile');
  await page.getByRole('dialog', { name: 'Sign in' }).getByText('Your sign-in has ended').waitFor();
  await page.keyboard.press('Escape');
  await button(page, 'Sign in').waitFor();
  expectComplaints(the, '401');
});
