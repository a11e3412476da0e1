/**
 * Where the refresh token is kept. The access token never comes here: it lives in memory alone.
 *
 * `browser` outlives the browser and is shared by its tabs (localStorage, "stay signed in"); `tab` ends with
 * the tab (sessionStorage); `page` ends with the page, for browsers that can keep nothing safely.
 */
import type { Account } from './token.ts';

export type Place = 'browser' | 'tab' | 'page';

export interface Entry {
  /** Spent by its first use; a second use ends the whole sign-in. */
  refreshToken: string;
  account: Account;
  /** The lock that the tab holds which may use this, where the place is `tab`. */
  claim: string;
}

export interface Kept {
  place: Place;
  entry: Entry;
}

export type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export const VAULT_KEY = 'paraclete-sign-in';

export class Vault {
  readonly #stores: Partial<Record<Place, Store>>;
  #page: Entry | undefined;

  constructor(stores: { browser?: Store; tab?: Store }) {
    this.#stores = stores;
  }

  /** What is nearest to this page comes first. */
  read(): Kept | undefined {
    for (const place of ['page', 'tab', 'browser'] as const) {
      const entry = this.#entry(place);
      if (entry) return { place, entry };
    }
    return undefined;
  }

  /** Gives the place where it really is: a full or blocked store leaves it with the page. */
  write(place: Place, entry: Entry): Place {
    try {
      this.#stores[place]?.setItem(VAULT_KEY, JSON.stringify(entry));
      if (this.#stores[place]) return place;
    } catch {
      // An older token must not stay behind for another tab to spend.
      this.clear(place);
    }
    this.#page = entry;
    return 'page';
  }

  clear(place: Place): void {
    if (place === 'page') this.#page = undefined;
    try {
      this.#stores[place]?.removeItem(VAULT_KEY);
    } catch {
      // A store that cannot be written holds nothing of ours.
    }
  }

  #entry(place: Place): Entry | undefined {
    if (place === 'page') return this.#page;
    try {
      return entryIn(this.#stores[place]?.getItem(VAULT_KEY));
    } catch {
      return undefined;
    }
  }
}

function entryIn(stored: string | null | undefined): Entry | undefined {
  const value = JSON.parse(stored ?? 'null') as Partial<Entry> | null;
  const { userId, name, email } = value?.account ?? {};
  const parts = [value?.refreshToken, value?.claim, userId, name, email];
  return parts.every((part) => typeof part === 'string') ? (value as Entry) : undefined;
}
