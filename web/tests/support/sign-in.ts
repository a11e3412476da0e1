/** What a person does to sign in on the page, and what stands in for a server in trouble. */
import type { Locator, Page, Route } from 'playwright-core';
import { PASSWORD, register } from './account.ts';
import type { VisitOptions } from './browser.ts';
import type { Stage } from './stage.ts';

export function button(page: Page, name: string | RegExp): Locator {
  return page.getByRole('button', typeof name === 'string' ? { name, exact: true } : { name });
}

export function field(page: Page, label: string): Locator {
  return page.getByLabel(label, { exact: true });
}

export async function openSignIn(the: Stage, options?: VisitOptions, path = '/'): Promise<Page> {
  const page = await the.look(path, options);
  await button(page, 'Sign in').click();
  await page.getByRole('dialog', { name: 'Sign in' }).waitFor();
  return page;
}

export async function openSignUp(the: Stage, options?: VisitOptions): Promise<Page> {
  const page = await openSignIn(the, options);
  await button(page, 'Create an account').click();
  await page.getByRole('dialog', { name: 'Create an account' }).waitFor();
  return page;
}

/** Presses the button of the form in the dialog, whatever it says. */
export async function submit(page: Page): Promise<void> {
  await page.getByRole('dialog').locator('button[type=submit]').click();
}

/** Fills in the dialog that is open. */
export async function signIn(
  page: Page,
  email: string,
  { stay = false, password = PASSWORD } = {},
): Promise<void> {
  await field(page, 'Email').fill(email);
  await field(page, 'Password').fill(password);
  if (stay) await page.getByLabel('Stay signed in').check();
  await submit(page);
}

export interface SignedIn {
  page: Page;
  userId: string;
  email: string;
  /** Of another sign-in, as on another device. */
  token: string;
  refreshToken: string;
}

export interface SignedInOptions extends VisitOptions {
  path?: string;
  stay?: boolean;
  name?: string;
}

/** A page that is signed in as somebody new. */
export async function signedIn(
  the: Stage,
  { path = '/', stay = true, name = 'Mina Park', ...options }: SignedInOptions = {},
): Promise<SignedIn> {
  const pair = await register(the.server.url, name);
  const page = await openSignIn(the, options, path);
  await signIn(page, pair.email, { stay });
  await button(page, `Account: ${name}`).waitFor();
  return { page, ...pair };
}

export async function choose(page: Page, entry: string): Promise<void> {
  await button(page, /^Account:/).click();
  await button(page, entry).click();
}

/** Answers the calls of that path so, in place of the server. */
export async function answer(
  page: Page,
  path: string,
  reply: Parameters<Route['fulfill']>[0] | 'no connection',
): Promise<void> {
  await page.route(`**${path}`, (route) =>
    reply === 'no connection' ? route.abort('internetdisconnected') : route.fulfill(reply),
  );
}

/** The browser itself complains of requests that fail or are refused: those of this test that do are right. */
export function expectComplaints(the: Stage, ...of: string[]): void {
  for (const { wrongs } of the.visits) {
    const others = wrongs.filter((wrong) => !of.some((part) => wrong.includes(part)));
    wrongs.splice(0, wrongs.length, ...others);
  }
}
