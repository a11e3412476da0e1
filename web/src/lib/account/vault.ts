/**
 * Where a sign-in is kept. The access token never comes here: it lives in memory alone.
 *
 * `browser` outlives the browser and is shared by its tabs ("stay signed in"): the refresh token in IndexedDB, and
 * in localStorage a note of whose it is, for pages to show at once. `tab` ends with the tab (sessionStorage);
 * `page` ends with the page, for browsers that can keep nothing safely.
 */
import type { Secret, Secrets } from './secrets.ts';
import type { Account } from './token.ts';

export type Place = 'browser' | 'tab' | 'page';

export interface Kept {
  place: Place;
  account: Account;
  /** The lock that the tab holds which may use this, where the place is `tab`. */
  claim: string;
}

export type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export interface Stores {
  browser?: Store | undefined;
  tab?: Store | undefined;
  secrets?: Secrets | undefined;
}

/** In localStorage and in sessionStorage: whose sign-in is kept. */
export const NOTE_KEY = 'paraclete-sign-in';
/** In sessionStorage: the refresh token. */
export const TOKEN_KEY = 'paraclete-refresh-token';

export class Vault {
  readonly #stores: Stores;
  #page: (Kept & { refreshToken: string }) | undefined;

  constructor(stores: Stores) {
    this.#stores = stores;
  }

  /** Whose sign-in is kept; what is nearest to this page comes first. */
  read(): Kept | undefined {
    return this.#page ?? this.#note('tab') ?? this.#note('browser');
  }

  /** What is to be spent next. For `browser` it is current, whatever other tabs just did. */
  async secret({ place, account: { userId } }: Kept): Promise<Secret | undefined> {
    if (place === 'browser') return this.#stores.secrets?.get();
    const refreshToken = place === 'tab' ? this.#stores.tab?.getItem(TOKEN_KEY) : this.#page?.refreshToken;
    return refreshToken ? { userId, refreshToken } : undefined;
  }

  /** Gives where it really is: a full or blocked store leaves it with the page. */
  async write(kept: Kept, refreshToken: string): Promise<Kept> {
    const { place, account } = kept;
    const { tab, browser, secrets } = this.#stores;
    try {
      if (place === 'browser' && browser && secrets) {
        await secrets.set({ userId: account.userId, refreshToken });
        this.note(kept);
        return kept;
      }
      if (place === 'tab' && tab) {
        tab.setItem(TOKEN_KEY, refreshToken);
        this.note(kept);
        return kept;
      }
    } catch {
      // An older token must not stay behind to be spent again.
      await this.clear(place);
    }
    this.#page = { ...kept, place: 'page', refreshToken };
    return this.#page;
  }

  /** The account has another name: nothing else changes. */
  note(kept: Kept): void {
    if (kept.place === 'page') {
      if (this.#page) this.#page = { ...this.#page, ...kept };
    } else {
      const { account, claim } = kept;
      this.#stores[kept.place]?.setItem(NOTE_KEY, JSON.stringify({ account, claim }));
    }
  }

  async clear(place: Place): Promise<void> {
    if (place === 'page') this.#page = undefined;
    else {
      try {
        this.#stores[place]?.removeItem(NOTE_KEY);
        this.#stores[place]?.removeItem(TOKEN_KEY);
        if (place === 'browser') await this.#stores.secrets?.set(undefined);
      } catch {
        // A store that cannot be written holds nothing of ours.
      }
    }
  }

  #note(place: 'browser' | 'tab'): Kept | undefined {
    try {
      const value = JSON.parse(this.#stores[place]?.getItem(NOTE_KEY) ?? 'null') as Partial<Kept> | null;
      const { userId, name, email } = value?.account ?? {};
      const parts = [value?.claim, userId, name, email];
      return parts.every((part) => typeof part === 'string') ? ({ ...value, place } as Kept) : undefined;
    } catch {
      return undefined;
    }
  }
}
