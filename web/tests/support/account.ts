/** Accounts on the server under test, and tokens as an app of one's own would sign them. */
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import type { Pair } from '../../src/lib/account/api.ts';

export const SECRET = 'a secret that is made for tests alone, and long enough';
export const PASSWORD = 'four words for tests';

/** Limits that a test of anything else would run into, from its one address. */
export const NO_LIMITS = { API_REQUESTS_PER_WINDOW: '0', AUTH_FAILURES_PER_WINDOW: '0' };

export function newEmail(): string {
  return `${randomUUID()}@example.com`;
}

/** POST or the like, with JSON both ways. */
export async function ask(
  origin: string,
  path: string,
  body: object,
  { token, method = 'POST' }: { token?: string; method?: string } = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(origin + path, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}

export async function register(
  origin: string,
  name: string,
  email = newEmail(),
): Promise<Pair & { email: string }> {
  const { status, body } = await ask(origin, '/api/auth/register', { email, password: PASSWORD, name });
  assert.equal(status, 201, JSON.stringify(body));
  return { ...(body as unknown as Pair), email };
}

/** A token by HS256, with claims that hold for an hour unless others are given. */
export function signed(
  claims: Record<string, unknown>,
  { secret = SECRET, header = {} }: { secret?: string; header?: Record<string, unknown> } = {},
): string {
  const now = Math.floor(Date.now() / 1_000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = `${part({ alg: 'HS256', typ: 'JWT', ...header })}.${part({ iat: now, exp: now + 3_600, ...claims })}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}
