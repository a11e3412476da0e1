/**
 * A sign-in: who we are, and a token whenever one is needed.
 *
 * Nothing is refreshed ahead of need. A refresh whose answer never arrives (the page was reloaded meanwhile)
 * leaves a spent token behind, and a spent token that is used ends the sign-in: the fewer, the better.
 */
import type { AccountApi, Credentials, Pair, Profile, ProfileChange } from './api.ts';
import type { Locks } from './locks.ts';
import { Refusal, signInEnded } from './refusal.ts';
import { type Access, type Account, accessOf, accountOf } from './token.ts';
import type { Kept, Place, Vault } from './vault.ts';

const REFRESH_LOCK = 'paraclete-refresh';

export interface SessionParts {
  api: AccountApi;
  vault: Vault;
  /** Without locks nothing is kept beyond the page: then there is no other tab to mind. */
  locks: Locks | undefined;
  nowMs: () => number;
  newClaim: () => string;
  /** Called after anything that `account` tells has changed. */
  changed: () => void;
}

export type Stay = 'signed in' | 'for this tab';

export class Session {
  readonly #parts: SessionParts;
  #kept: Kept | undefined;
  #access: Access | undefined;
  #renewal: Promise<string> | undefined;
  /** Settled once it is known whether what this tab keeps is its own, and no copy. */
  #settled: Promise<void>;
  #over = 'You are not signed in.';

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#kept = parts.vault.read();
    this.#settled = this.#own();
  }

  get account(): Account | undefined {
    return this.#kept?.account;
  }

  async signIn(credentials: Credentials, stay: Stay): Promise<void> {
    const pair = await this.#parts.api.login(credentials);
    await this.#alone(() => this.#enter(pair, stay));
  }

  async register(person: Credentials & { name: string }, stay: Stay): Promise<void> {
    const pair = await this.#parts.api.register(person);
    await this.#alone(() => this.#enter(pair, stay));
  }

  /** A token that the server takes for a while; refreshed when there is none. */
  async token(): Promise<string> {
    return this.#usable() ?? (await this.renew());
  }

  /** A new token, whatever the one at hand seems to be good for. */
  renew(): Promise<string> {
    this.#renewal ??= this.#alone(() => this.#refresh()).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  /** `untold`: signed out here, though the server could not be told. From everywhere it must be told. */
  async signOut(scope: 'here' | 'everywhere'): Promise<'told' | 'untold'> {
    return await this.#alone(async () => {
      let outcome: 'told' | 'untold' = 'told';
      try {
        await this.#asAccount(
          async (token) =>
            this.#parts.api.logout(
              token,
              scope === 'everywhere'
                ? { everywhere: true }
                : { refreshToken: (await this.#newest()).refreshToken },
            ),
          () => this.#refresh(),
        );
      } catch (error) {
        const isOver = error instanceof Refusal && error.code === 'SIGNED_OUT';
        if (scope === 'everywhere' && !isOver) throw error;
        if (!isOver) outcome = 'untold';
      }
      await this.#end('You signed out.');
      return outcome;
    });
  }

  profile(): Promise<Profile> {
    return this.#asAccount((token) => this.#parts.api.profile(token));
  }

  async changeProfile(change: ProfileChange): Promise<Profile> {
    const profile = await this.#asAccount((token) => this.#parts.api.changeProfile(token, change));
    if (this.#kept) {
      this.#kept = { ...this.#kept, account: { ...this.#kept.account, name: profile.name } };
      this.#parts.vault.note(this.#kept);
      this.#parts.changed();
      // The token still tells the old name: the next connection takes a new one.
      this.#access = undefined;
    }
    return profile;
  }

  /** Begins with a new token, so that `AUTH001` can only mean the old password. */
  async changePassword(oldPassword: string, newPassword: string): Promise<void> {
    await this.#parts.api.changePassword(await this.renew(), { oldPassword, newPassword });
  }

  /** Another tab wrote or cleared what is kept. */
  followOtherTab(): void {
    if (this.#kept && this.#kept.place !== 'browser') return;
    const before = this.account;
    this.#kept = this.#parts.vault.read();
    if (before?.userId !== this.account?.userId) this.#access = undefined;
    if (before && !this.account) this.#over = SIGNED_OUT_ELSEWHERE;
    if (JSON.stringify(before) !== JSON.stringify(this.account)) this.#parts.changed();
  }

  /** The server takes nothing that we can show: whatever is kept here is of no more use. */
  giveUp(): Promise<void> {
    return this.#alone(() => this.#end(ENDED));
  }

  async #enter(pair: Pair, stay: Stay): Promise<void> {
    const { vault, locks, newClaim } = this.#parts;
    const place: Place = !locks ? 'page' : stay === 'signed in' ? 'browser' : 'tab';
    for (const nearer of ['page', 'tab'] as const) await vault.clear(nearer);
    await this.#keep({ place, account: accountOf(pair.userId, pair.token), claim: newClaim() }, pair);
    this.#settled = this.#own();
  }

  #usable(): string | undefined {
    const isFresh = this.#access && this.#parts.nowMs() < this.#access.usableUntilMs;
    return this.#kept && isFresh ? this.#access?.token : undefined;
  }

  /** Only ever while no other tab does so, and with what is kept at that moment. */
  async #refresh(): Promise<string> {
    const { kept, refreshToken } = await this.#newest();
    let pair: Pair;
    try {
      pair = await this.#parts.api.refresh(refreshToken);
    } catch (error) {
      if (!isFinal(error)) throw error;
      await this.#end(ENDED);
      throw signInEnded(ENDED);
    }
    const told = accountOf(pair.userId, pair.token);
    await this.#keep({ ...kept, account: told.name === '' ? kept.account : told }, pair);
    return pair.token;
  }

  async #asAccount<T>(call: (token: string) => Promise<T>, renew = () => this.renew()): Promise<T> {
    const token = this.#usable() ?? (await renew());
    try {
      return await call(token);
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 401) throw error;
      return await call(await renew());
    }
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    await this.#settled;
    const { locks } = this.#parts;
    return await (locks ? locks.exclusively(REFRESH_LOCK, work) : work());
  }

  /**
   * A tab that is duplicated takes a copy of its sessionStorage along. Two tabs with one token would end the
   * sign-in at the second refresh, so each holds a lock by its entry's name, and the copy goes on as a guest.
   */
  async #own(): Promise<void> {
    const kept = this.#kept;
    if (kept?.place !== 'tab' || (await this.#parts.locks?.claim(kept.claim))) return;
    if (this.#kept?.claim !== kept.claim) return;
    await this.#end('This tab is a copy of one that is signed in. Sign in here, too, or use the other.');
  }

  /** What is kept now: another tab may have refreshed, or signed out, a moment ago. */
  async #newest(): Promise<{ kept: Kept; refreshToken: string }> {
    const kept = this.#kept;
    const secret = kept && (await this.#parts.vault.secret(kept));
    if (!kept || !secret) {
      if (kept) await this.#end(SIGNED_OUT_ELSEWHERE);
      throw signInEnded(this.#over);
    }
    if (secret.userId !== kept.account.userId) throw signInEnded(ANOTHER_ACCOUNT);
    return { kept, refreshToken: secret.refreshToken };
  }

  async #keep(kept: Kept, pair: Pair): Promise<void> {
    this.#access = accessOf(pair.token, this.#parts.nowMs());
    this.#kept = await this.#parts.vault.write(kept, pair.refreshToken);
    this.#parts.changed();
  }

  async #end(why: string): Promise<void> {
    const kept = this.#kept;
    this.#kept = undefined;
    this.#access = undefined;
    this.#over = why;
    if (kept) await this.#parts.vault.clear(kept.place);
    this.#parts.changed();
  }
}

const SIGNED_OUT_ELSEWHERE = 'You signed out in another tab.';
export const ANOTHER_ACCOUNT = 'Another account has signed in meanwhile.';
const ENDED =
  'Your sign-in has ended: it was too long ago, or you signed out on another device, changed your password, or the account was closed.';

/** What no second try changes: the token is unknown, spent, expired, malformed, or its user disabled. */
function isFinal(error: unknown): boolean {
  return error instanceof Refusal && [400, 401, 403].includes(error.status);
}
