/** The page's one sign-in, and which of its dialogs is open. */

import { accountApi } from './api.ts';
import { browserLocks } from './locks.ts';
import { accountPass, guestPass, type Pass } from './pass.ts';
import { browserSecrets } from './secrets.ts';
import { Session } from './session.ts';
import type { Account } from './token.ts';
import { NOTE_KEY, type Store, Vault } from './vault.ts';

export const SIGN_IN_REQUIRED = 'This server puts through those who are signed in, and takes no guests.';

export type AccountDialog = 'sign-in' | 'register' | 'profile' | 'password' | 'everywhere';

class AccountState {
  readonly session: Session;
  who = $state.raw<Account>();
  dialog = $state<AccountDialog>();
  /** Why the dialog is open, when it did not open by the person's own wish. */
  why = $state<string>();
  /** For whoever has to sign in again. */
  lastEmail = '';
  /** This server has turned a guest away. */
  required = $state(false);

  /** Whether a sign-in can outlive the page. */
  readonly canStay: boolean;

  constructor() {
    const locks = browserLocks();
    const secrets = browserSecrets();
    this.canStay = locks !== undefined && secrets !== undefined;
    this.session = new Session({
      api: accountApi(),
      vault: new Vault({
        browser: locks && stored(() => localStorage),
        tab: locks && stored(() => sessionStorage),
        secrets,
      }),
      locks,
      nowMs: () => Date.now(),
      newClaim: () => `paraclete-tab-${crypto.getRandomValues(new Uint32Array(4)).join('-')}`,
      changed: () => {
        this.#show();
      },
    });
    this.#show();
    addEventListener('storage', ({ key }) => {
      // Without a key everything was cleared.
      if (key === NOTE_KEY || key === null) this.session.followOtherTab();
    });
  }

  open(dialog: AccountDialog, why?: string): void {
    this.dialog = dialog;
    this.why = why;
  }

  close(): void {
    this.dialog = undefined;
    this.why = undefined;
  }

  #show(): void {
    this.who = this.session?.account;
    this.lastEmail = this.who?.email ?? this.lastEmail;
  }

  /** What to join with; the name is a guest's. */
  pass(name: string | undefined): Pass {
    return this.who ? accountPass(this.session) : guestPass(name);
  }
}

/** Where storage is blocked, even to ask for it throws. */
function stored(get: () => Store): Store | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}

export const account = new AccountState();
