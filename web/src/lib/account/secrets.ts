/**
 * The refresh token of who stays signed in, in IndexedDB.
 *
 * Not in localStorage: tabs may live in several processes, and each reads a copy of it that follows the others'
 * writes a moment later. A tab that had waited for the lock would spend the token that was spent just before.
 * What a transaction here has written, the next one reads, in whatever process.
 */
export interface Secret {
  userId: string;
  refreshToken: string;
}

export interface Secrets {
  get: () => Promise<Secret | undefined>;
  /** Resolves when it is written; `undefined` takes away what is there. */
  set: (secret: Secret | undefined) => Promise<void>;
}

const DATABASE = 'paraclete';
const STORE = 'sign-in';
const KEY = 'refresh-token';

export function browserSecrets(): Secrets | undefined {
  if (!globalThis.indexedDB) return undefined;
  return {
    get: async () => secretIn(await asked('readonly', (store) => store.get(KEY))),
    set: async (secret) => {
      await asked('readwrite', (store) => (secret ? store.put(secret, KEY) : store.delete(KEY)));
    },
  };
}

function secretIn(stored: unknown): Secret | undefined {
  const secret = (stored ?? {}) as Partial<Secret>;
  const isWhole = typeof secret.userId === 'string' && typeof secret.refreshToken === 'string';
  return isWhole ? (secret as Secret) : undefined;
}

/** One request in a transaction of its own, on a connection of its own: none is held while the page waits. */
function asked(mode: IDBTransactionMode, request: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
  return new Promise((done, failed) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onerror = () => failed(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      try {
        const transaction = database.transaction(STORE, mode, { durability: 'strict' });
        const asking = request(transaction.objectStore(STORE));
        transaction.oncomplete = () => done(asking.result);
        transaction.onabort = () => failed(transaction.error);
      } catch (error) {
        failed(error);
      } finally {
        // Waits for the transaction to end.
        database.close();
      }
    };
  });
}
