import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountApi } from '../../src/lib/account/api.ts';
import { Refusal, sentence } from '../../src/lib/account/refusal.ts';
import {
  accountNameProblem,
  avatarProblem,
  emailProblem,
  newPasswordProblem,
  serverProblems,
} from '../../src/lib/account/rules.ts';
import { accessOf, accountOf } from '../../src/lib/account/token.ts';

const PAIR = { userId: 'u1', token: 't', refreshToken: 'r' };

/** An API whose every call is answered so, and what was asked of it. */
function answering(status: number, body: unknown, headers: Record<string, string> = {}) {
  const asked: { path: string; init: RequestInit }[] = [];
  const api = accountApi(async (path, init) => {
    asked.push({ path: String(path), init: init ?? {} });
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return new Response(text, { status, headers });
  });
  return { api, asked };
}

test('each call goes where the contract says, with its body and its token', async () => {
  const { api, asked } = answering(200, { ...PAIR, id: 'u1', name: 'Mina', email: 'm@x', avatar: null });
  await api.register({ email: 'm@x', password: 'p', name: 'Mina' });
  await api.login({ email: 'm@x', password: 'p' });
  await api.refresh('r');
  await api.logout('t', { everywhere: true });
  await api.changePassword('t', { oldPassword: 'a', newPassword: 'b' });
  await api.profile('t');
  await api.changeProfile('t', { name: 'M.', avatar: null });
  const told = asked.map(({ path, init }) => {
    const { authorization } = init.headers as Record<string, string>;
    return [init.method, path, authorization ?? '', init.body ?? ''].join(' ').trim();
  });
  assert.deepEqual(told, [
    'POST /api/auth/register  {"email":"m@x","password":"p","name":"Mina"}',
    'POST /api/auth/login  {"email":"m@x","password":"p"}',
    'POST /api/auth/refresh  {"refreshToken":"r"}',
    'POST /api/auth/logout Bearer t {"everywhere":true}',
    'POST /api/auth/password Bearer t {"oldPassword":"a","newPassword":"b"}',
    'GET /api/users/me Bearer t',
    'PATCH /api/users/me Bearer t {"name":"M.","avatar":null}',
  ]);
});

test('a refusal carries code, status, fields and when to come back', async () => {
  const details = [{ field: 'email', message: 'no' }, { field: 7 }, null];
  const { api } = answering(
    429,
    { success: false, error: { code: 'RATE_LIMIT', message: 'slow', details } },
    { 'retry-after': '90' },
  );
  await assert.rejects(api.refresh('r'), {
    code: 'RATE_LIMIT',
    message: 'slow',
    status: 429,
    fields: [{ field: 'email', message: 'no' }],
    retryAfterMs: 90_000,
  });
});

test('answers that are not what the contract says are refusals, not half a sign-in', async () => {
  for (const body of ['<h1>Bad gateway</h1>', 'null', '[]', { ...PAIR, token: 7 }, { userId: 'u1' }])
    await assert.rejects(answering(200, body).api.refresh('r'), { code: 'INTERNAL', status: 200 });
  await assert.rejects(answering(502, '<h1>Bad gateway</h1>').api.refresh('r'), {
    code: 'HTTP_502',
    status: 502,
  });
});

test('no answer is told from a late one', async () => {
  const failing = (error: Error) => accountApi(() => Promise.reject(error));
  await assert.rejects(failing(new TypeError('no')).refresh('r'), { code: 'OFFLINE', status: 0 });
  await assert.rejects(failing(new DOMException('late', 'TimeoutError')).refresh('r'), { code: 'TIMEOUT' });
});

test('people are told when to try again, in the clock of their wall', () => {
  const at = new Date(2026, 0, 1, 9, 58, 30);
  const limited = (retryAfterMs?: number) =>
    sentence(new Refusal('RATE_LIMIT', '', { status: 429, retryAfterMs }), at);
  assert.equal(limited(1), 'Too many tries. Try again in 1 second.');
  assert.equal(limited(59_000), 'Too many tries. Try again in 59 seconds.');
  assert.equal(limited(60_000), 'Too many tries. Try again in 1 minute, at 10:00.');
  assert.equal(limited(840_000), 'Too many tries. Try again in 14 minutes, at 10:13.');
  assert.equal(limited(), 'Too many tries. Try again later.');
});

test('a busy server, a broken one and none at all are told apart', () => {
  const told = (code: string, status = 0, message = '') => sentence(new Refusal(code, message, { status }));
  assert.match(told('UNAVAILABLE', 503), /Try again in a moment/);
  assert.match(told('OFFLINE'), /cannot be reached/);
  assert.match(told('TIMEOUT'), /in time/);
  assert.match(told('INTERNAL', 500), /went wrong on the server/);
  assert.match(told('HTTP_502', 502), /went wrong on the server/);
  assert.equal(told('FORBIDDEN', 403, 'Not you.'), 'Not you.');
  assert.equal(told('HTTP_418', 418), 'The server did not say why.');
});

test('a password has 8 to 128 characters as people count them, and none that cannot be typed', () => {
  for (const good of ['12345678', ' spaces ', 'ä'.repeat(8), '🍵'.repeat(128), 'x'.repeat(128)])
    assert.equal(newPasswordProblem(good), undefined, good);
  assert.match(newPasswordProblem('') ?? '', /Choose/);
  assert.match(newPasswordProblem('1234567') ?? '', /at least 8.*has 7/);
  assert.match(newPasswordProblem('🍵'.repeat(7)) ?? '', /has 7/);
  assert.match(newPasswordProblem('x'.repeat(129)) ?? '', /at most 128.*has 129/);
  assert.match(newPasswordProblem('1234567\u0000') ?? '', /control/);
});

test('email, name and picture are checked for slips', () => {
  for (const good of ['m@x.io', ' mina@example.com ', "o'neill+b@xn--r8jz45g.jp"])
    assert.equal(emailProblem(good), undefined, good);
  for (const bad of [
    '',
    ' ',
    'mina',
    '@x.io',
    'a@',
    'a@x',
    'a b@x.io',
    'a@b@c.io',
    'ä@x.io',
    `${'x'.repeat(254)}@x.io`,
  ])
    assert.ok(emailProblem(bad), bad);
  assert.equal(accountNameProblem('Mi'), undefined);
  for (const bad of ['', ' ', 'M', 'x'.repeat(51), 'a\u202eb']) assert.ok(accountNameProblem(bad), bad);
  for (const good of ['', ' ', 'https://x/y.png', 'http://x'])
    assert.equal(avatarProblem(good), undefined, good);
  for (const bad of [
    'x',
    '/y.png',
    'javascript:alert(1)',
    'data:image/png,x',
    `https://${'x'.repeat(2_048)}`,
  ])
    assert.ok(avatarProblem(bad), bad);
});

test('what the server finds is said in our words where our rule finds it too, at the fields we have', () => {
  const rules = { email: () => 'ours', name: () => undefined };
  const found = ['email', 'name', 'toString', 'other'].map((field) => ({ field, message: 'theirs' }));
  assert.deepEqual(serverProblems(found, rules), { email: 'ours', name: 'theirs' });
});

test('a token is read for display, in any script, and counted by the time since it came', () => {
  const token = (claims: unknown) =>
    `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;
  const read = accountOf('u1', token({ name: '민아 🍵', email: 'm@x', userId: 'other' }));
  assert.deepEqual(read, { userId: 'u1', name: '민아 🍵', email: 'm@x' });
  assert.equal(accessOf(token({ iat: 9e9, exp: 9e9 + 900 }), 1_000).usableUntilMs, 1_000 + 870_000);
  assert.equal(accessOf(token({ iat: 5, exp: 9 }), 1_000).usableUntilMs, 1_000 + 3_000);
  for (const odd of ['', 'a', 'a.b', 'a.!.c', token(null), token([]), token({ exp: 'soon' })]) {
    assert.equal(accessOf(odd, 0).usableUntilMs, Number.POSITIVE_INFINITY, odd);
    assert.deepEqual(accountOf('u1', odd), { userId: 'u1', name: '', email: '' }, odd);
  }
});
