/** The server's HTTP calls about accounts. Each resolves with the answer or rejects with a `Refusal`. */
import { type FieldProblem, Refusal } from './refusal.ts';

/** Longer than a queue for password hashing is let grow by the server. */
const TIMEOUT_MS = 15_000;

export interface Pair {
  userId: string;
  token: string;
  refreshToken: string;
}

export interface Profile {
  id: string;
  name: string;
  email: string;
  avatar: string | null;
}

export interface Credentials {
  email: string;
  password: string;
}

export interface ProfileChange {
  name?: string;
  /** `null` takes it away. */
  avatar?: string | null;
}

/** What of a sign-in ends: the one that the refresh token belongs to, or all of the user's. */
export type Logout = { refreshToken: string } | { everywhere: true };

export interface AccountApi {
  register: (person: Credentials & { name: string }) => Promise<Pair>;
  login: (credentials: Credentials) => Promise<Pair>;
  refresh: (refreshToken: string) => Promise<Pair>;
  logout: (token: string, which: Logout) => Promise<void>;
  changePassword: (token: string, change: { oldPassword: string; newPassword: string }) => Promise<void>;
  profile: (token: string) => Promise<Profile>;
  changeProfile: (token: string, change: ProfileChange) => Promise<Profile>;
}

export function accountApi(send: typeof fetch = (...request) => fetch(...request)): AccountApi {
  const ask = (method: string, path: string, options?: AskOptions) => asked(send, method, path, options);
  return {
    register: async (body) => pairOf(await ask('POST', '/api/auth/register', { body })),
    login: async (body) => pairOf(await ask('POST', '/api/auth/login', { body })),
    refresh: async (refreshToken) =>
      pairOf(await ask('POST', '/api/auth/refresh', { body: { refreshToken } })),
    logout: async (token, body) => void (await ask('POST', '/api/auth/logout', { token, body })),
    changePassword: async (token, body) => void (await ask('POST', '/api/auth/password', { token, body })),
    profile: async (token) => profileOf(await ask('GET', '/api/users/me', { token })),
    changeProfile: async (token, body) => profileOf(await ask('PATCH', '/api/users/me', { token, body })),
  };
}

interface AskOptions {
  token?: string;
  body?: object;
}

async function asked(
  send: typeof fetch,
  method: string,
  path: string,
  { token, body }: AskOptions = {},
): Promise<Members> {
  let response: Response;
  let text: string;
  try {
    response = await send(path, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      body: body ? JSON.stringify(body) : null,
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await response.text();
  } catch (error) {
    const late = error instanceof DOMException && error.name === 'TimeoutError';
    throw new Refusal(late ? 'TIMEOUT' : 'OFFLINE', String(error));
  }
  const answer = membersOf(text);
  if (!response.ok) throw refusalIn(response, answer);
  return answer;
}

type Members = Record<string, unknown>;

/** What is no JSON object, such as a proxy's page, has no members. */
function membersOf(text: string): Members {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Members) : {};
  } catch {
    return {};
  }
}

function refusalIn(response: Response, answer: Members): Refusal {
  const error = (answer['error'] ?? {}) as Members;
  return new Refusal(textOf(error['code']) ?? `HTTP_${response.status}`, textOf(error['message']) ?? '', {
    status: response.status,
    fields: fieldsIn(error['details']),
    retryAfterMs: retryAfterMs(response.headers.get('retry-after')),
  });
}

function fieldsIn(details: unknown): FieldProblem[] {
  if (!Array.isArray(details)) return [];
  return details.filter(
    (each: unknown): each is FieldProblem =>
      typeof (each as Members)?.['field'] === 'string' && typeof (each as Members)['message'] === 'string',
  );
}

/** The header is seconds, or a date. */
function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  const wait = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

function pairOf(answer: Members): Pair {
  const [userId, token, refreshToken] = [answer['userId'], answer['token'], answer['refreshToken']].map(
    textOf,
  );
  if (!userId || !token || !refreshToken) throw unreadable();
  return { userId, token, refreshToken };
}

function profileOf(answer: Members): Profile {
  const [id, name, email] = [answer['id'], answer['name'], answer['email']].map(textOf);
  if (!id || name === undefined) throw unreadable();
  return { id, name, email: email ?? '', avatar: textOf(answer['avatar']) ?? null };
}

function unreadable(): Refusal {
  return new Refusal('INTERNAL', 'The answer of the server is not what this page expects.', { status: 200 });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
