/** Getting back into a room after the line was lost: how often to ask, and when to give up. */

/** What may have passed when we ask again; the server's own ghost of us can be what fills the room. */
const PASSING = new Set(['ROOM_FULL', 'RATE_LIMIT', 'UNAVAILABLE', 'TIMEOUT']);

const WAIT_MIN_MS = 2_000;
const WAIT_MAX_MS = 5_000;
/** Longer than a server takes by default to notice that a connection is dead. */
const PATIENCE_MS = 60_000;

export interface Setback {
  code: string;
  retryAfterMs?: number | undefined;
}

/**
 * How long to wait before asking again, in milliseconds; `undefined` to give up.
 *
 * `sinceMs` is the time since the first setback, `random` lies in 0..1 and keeps a room full of people that
 * lost the same network from coming back in step.
 */
export function nextTry(
  { code, retryAfterMs }: Setback,
  sinceMs: number,
  random = Math.random(),
): number | undefined {
  if (!PASSING.has(code)) return undefined;
  const usual = WAIT_MIN_MS + random * (WAIT_MAX_MS - WAIT_MIN_MS);
  const wait = retryAfterMs === undefined ? usual : Math.max(retryAfterMs, WAIT_MIN_MS);
  return sinceMs + wait <= PATIENCE_MS ? wait : undefined;
}
