/** What the page reads from an access token: for display and for planning. The server alone verifies it. */

/** Kept back from a token's life, so that it is still good when it arrives. */
const MARGIN_MS = 30_000;

export interface Account {
  userId: string;
  name: string;
  email: string;
}

/** A token that can still be used, by our own clock. */
export interface Access {
  token: string;
  usableUntilMs: number;
}

export function accountOf(userId: string, token: string): Account {
  const { name, email } = claimsOf(token);
  return {
    userId,
    name: typeof name === 'string' ? name : '',
    email: typeof email === 'string' ? email : '',
  };
}

/**
 * Counted from when it came, not from what its `exp` is on our clock: many clocks are wrong by minutes.
 * A token that tells no life is used until the server refuses it.
 */
export function accessOf(token: string, nowMs: number): Access {
  const { iat, exp } = claimsOf(token);
  if (typeof iat !== 'number' || typeof exp !== 'number')
    return { token, usableUntilMs: Number.POSITIVE_INFINITY };
  const lifeMs = (exp - iat) * 1_000;
  return { token, usableUntilMs: nowMs + lifeMs - Math.min(MARGIN_MS, lifeMs / 4) };
}

function claimsOf(token: string): Record<string, unknown> {
  try {
    const [, payload = ''] = token.split('.');
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
      character.charCodeAt(0),
    );
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
