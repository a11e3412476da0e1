/** What can go wrong between the page and the server's accounts, and how it is told to people. */

export interface FieldProblem {
  field: string;
  message: string;
}

/** The server's own codes, and ours: `OFFLINE`, `TIMEOUT`, `SIGNED_OUT`, `SIGN_IN_REQUIRED`. */
export class Refusal extends Error {
  readonly code: string;
  /** The HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly fields: readonly FieldProblem[];
  /** When asking again may help, in milliseconds from the answer. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: string,
    message: string,
    {
      status = 0,
      fields = [],
      retryAfterMs,
    }: { status?: number; fields?: readonly FieldProblem[]; retryAfterMs?: number | undefined } = {},
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.fields = fields;
    this.retryAfterMs = retryAfterMs;
  }
}

export function refusalOf(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal('INTERNAL', `This page has made a mistake: ${error}`);
}

/** A guest came to a server that takes none. */
export function signInRequired(message: string): Refusal {
  return new Refusal('SIGN_IN_REQUIRED', message);
}

/** A sign-in that the server takes no more, a new token included. */
export function signInEnded(message: string): Refusal {
  return new Refusal('SIGNED_OUT', message);
}

/** One sentence or two: what happened, and what to do. `now` is when the answer came. */
export function sentence(refusal: Refusal, now = new Date()): string {
  if (refusal.status === 429) return `Too many tries. ${again(refusal.retryAfterMs, now)}`;
  if (refusal.status === 503) return 'The server cannot do this right now. Try again in a moment.';
  if (refusal.status >= 500) return 'Something went wrong on the server. Try again in a moment.';
  switch (refusal.code) {
    case 'OFFLINE':
      return 'The server cannot be reached. Check your connection, then try again.';
    case 'TIMEOUT':
      return 'The server did not answer in time. Try again in a moment.';
    default:
      return refusal.message || 'The server did not say why.';
  }
}

function again(afterMs: number | undefined, now: Date): string {
  if (afterMs === undefined) return 'Try again later.';
  const seconds = Math.max(1, Math.ceil(afterMs / 1_000));
  if (seconds < 60) return `Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`;
  const minutes = Math.ceil(seconds / 60);
  // Rounded up to the minute that the clock shows then, so that nobody comes a moment too early.
  const at = new Date(Math.ceil((now.getTime() + afterMs) / 60_000) * 60_000);
  const clock = `${at.getHours()}:${String(at.getMinutes()).padStart(2, '0')}`;
  return `Try again in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}, at ${clock}.`;
}
