/** Tabs of one browser and the accounts they sign in to, in memory: what `Session` needs, without a server. */
import type { AccountApi, Pair } from '../../src/lib/account/api.ts';
import type { Locks } from '../../src/lib/account/locks.ts';
import { Refusal } from '../../src/lib/account/refusal.ts';
import type { Secret, Secrets } from '../../src/lib/account/secrets.ts';
import { Session } from '../../src/lib/account/session.ts';
import { type Store, Vault } from '../../src/lib/account/vault.ts';

export const LIFE_MS = 900_000;

/** Refresh tokens with the one rule that matters here: a spent one that is used ends its whole sign-in. */
export class Accounts {
  readonly calls: string[] = [];
  /** What the next call is refused with. */
  refuse: Refusal | undefined;
  nowMs = 1_000_000;
  #serial = 0;
  readonly #living = new Set<string>();
  #name = 'Mina Park';

  readonly api: AccountApi = {
    register: async ({ name }) => {
      this.#take('register');
      this.#name = name;
      return this.#pair(`family${++this.#serial}`);
    },
    login: async () => {
      this.#take('login');
      return this.#pair(`family${++this.#serial}`);
    },
    refresh: async (refreshToken) => {
      this.#take('refresh');
      const [family = ''] = refreshToken.split('.');
      if (this.#living.delete(refreshToken)) return this.#pair(family);
      this.revoke(family);
      throw new Refusal('AUTH001', 'Invalid token', { status: 401 });
    },
    logout: async (_, which) => {
      this.#take('logout');
      if ('everywhere' in which) this.#living.clear();
      else this.revoke(which.refreshToken.split('.')[0] ?? '');
    },
    changePassword: async () => this.#take('changePassword'),
    profile: async () => {
      this.#take('profile');
      return { id: 'u1', name: this.#name, email: 'mina@example.com', avatar: null };
    },
    changeProfile: async (_, { name, avatar }) => {
      this.#take('changeProfile');
      this.#name = name ?? this.#name;
      return { id: 'u1', name: this.#name, email: 'mina@example.com', avatar: avatar ?? null };
    },
  };

  get living(): number {
    return this.#living.size;
  }

  revoke(family: string): void {
    for (const token of this.#living) if (token.startsWith(`${family}.`)) this.#living.delete(token);
  }

  #take(call: string): void {
    this.calls.push(call);
    const refusal = this.refuse;
    this.refuse = undefined;
    if (refusal) throw refusal;
  }

  #pair(family: string): Pair {
    const refreshToken = `${family}.${++this.#serial}`;
    this.#living.add(refreshToken);
    const claims = { name: this.#name, email: 'mina@example.com', iat: 50, exp: 50 + LIFE_MS / 1_000 };
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return { userId: 'u1', token: `h.${payload}.s${this.#serial}`, refreshToken };
  }
}

/** One browser: what its tabs share. */
export class BrowserOfTabs {
  readonly accounts = new Accounts();
  readonly local = new MemoryStore();
  readonly secrets = new MemorySecrets();
  readonly #held = new Set<string>();
  #claims = 0;
  readonly #queues = new Map<string, Promise<unknown>>();

  readonly #locks: Locks = {
    exclusively: (name, work) => {
      const mine = (this.#queues.get(name) ?? Promise.resolve()).then(work, work);
      this.#queues.set(
        name,
        mine.catch(() => {}),
      );
      return mine;
    },
    claim: async (name) => {
      if (this.#held.has(name)) return false;
      this.#held.add(name);
      return true;
    },
  };

  /** A page in a tab; the same `tab` again is that tab, reloaded or duplicated. */
  open(tab: MemoryStore = new MemoryStore(), agreeing: 'by locks' | 'without locks' = 'by locks'): Page {
    const changes: (string | undefined)[] = [];
    const session: Session = new Session({
      api: this.accounts.api,
      vault: new Vault(agreeing === 'by locks' ? { browser: this.local, tab, secrets: this.secrets } : {}),
      locks: agreeing === 'by locks' ? this.#locks : undefined,
      nowMs: () => this.accounts.nowMs,
      newClaim: () => `claim${++this.#claims}`,
      changed: () => changes.push(session.account?.name),
    });
    return { session, changes };
  }

  /** The page that held these claims is gone. */
  letGo(): void {
    this.#held.clear();
  }
}

export interface Page {
  session: Session;
  /** The account's name after each change. */
  changes: (string | undefined)[];
}

export class MemorySecrets implements Secrets {
  kept: Secret | undefined;
  blocked = false;

  async get(): Promise<Secret | undefined> {
    return this.kept;
  }
  async set(secret: Secret | undefined): Promise<void> {
    if (this.blocked && secret) throw new DOMException('full', 'QuotaExceededError');
    this.kept = secret;
  }
}

export class MemoryStore implements Store {
  readonly items = new Map<string, string>();
  /** A full disk, or a browser that keeps nothing. */
  blocked = false;

  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    if (this.blocked) throw new DOMException('full', 'QuotaExceededError');
    this.items.set(key, value);
  }
  removeItem(key: string): void {
    this.items.delete(key);
  }

  copy(): MemoryStore {
    const copy = new MemoryStore();
    for (const [key, value] of this.items) copy.items.set(key, value);
    return copy;
  }
}
