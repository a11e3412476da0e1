/** What we show the server at each connection, as a guest or with an account. */
import { type Refusal, signInEnded } from './refusal.ts';
import { ANOTHER_ACCOUNT, type Session } from './session.ts';

export interface Pass {
  /** The handshake's `auth`, made anew for each connection. Rejects with a `Refusal`. */
  auth: () => Promise<Record<string, string>>;
  /** A guest has none. */
  account: AccountOfPass | undefined;
}

export interface AccountOfPass {
  /** A token in place of one that was refused or is about to expire. Rejects with a `Refusal`. */
  renew: () => Promise<string>;
  /** The server took not even a new token: the sign-in is of no more use. Gives what to tell. */
  giveUp: () => Promise<Refusal>;
}

export function guestPass(username: string | undefined): Pass {
  return { auth: async () => (username === undefined ? {} : { username }), account: undefined };
}

/** For whoever is signed in now: another account that signs in later is not who joined. */
export function accountPass(session: Session): Pass {
  const userId = session.account?.userId;
  const own = (token: string): string => {
    if (session.account?.userId !== userId) throw signInEnded(ANOTHER_ACCOUNT);
    return token;
  };
  return {
    auth: async () => ({ token: own(await session.token()) }),
    account: {
      renew: async () => own(await session.renew()),
      giveUp: async () => {
        if (session.account?.userId === userId) await session.giveUp();
        return signInEnded('Your sign-in has ended: the server does not take it any more. Sign in again.');
      },
    },
  };
}
