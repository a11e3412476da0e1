/** What tabs of one browser agree by, so that no two of them spend the same refresh token. */

export interface Locks {
  /** Runs `work` while no other page of this browser runs any under that name. */
  exclusively: <T>(name: string, work: () => Promise<T>) => Promise<T>;
  /** Holds that name until the page ends; false when another page holds it and does not let go. */
  claim: (name: string) => Promise<boolean>;
}

/** A page that is being reloaded lets go a moment after the new one has begun. */
const CLAIM_WITHIN_MS = 1_000;

/** Absent outside of https and localhost, and in old browsers. */
export function browserLocks(): Locks | undefined {
  const manager = globalThis.navigator?.locks as LockManager | undefined;
  if (!manager) return undefined;
  return {
    exclusively: async (name, work) => await manager.request(name, work),
    claim: (name) =>
      new Promise((decided) => {
        const held = () => {
          decided(true);
          return new Promise<never>(() => {});
        };
        manager
          .request(name, { signal: AbortSignal.timeout(CLAIM_WITHIN_MS) }, held)
          .catch(() => decided(false));
      }),
  };
}
