import { randomBytes } from 'node:crypto';
import { dropOldest } from './retention';

/** identity/account-linking: "This token is only valid for 5 minutes" */
const LIFETIME = 5 * 60 * 1000;
const MOST = 10_000;

/** Who logs in to a bot's own accounts. */
export interface Login {
  page: string;
  user: string;
}

/** The tokens of logins that have begun. A bot can ask for the person behind one. */
export class AccountLinks {
  readonly #logins = new Map<string, Login & { expiresAt: number }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Gives a new token. */
  begin(page: string, user: string): string {
    const token = randomBytes(32).toString('base64url');
    this.#logins.set(token, { page, user, expiresAt: this.#now() + LIFETIME });
    dropOldest(this.#logins, MOST);
    return token;
  }

  /** Undefined for a token that is none, or no more. */
  find(token: unknown): Login | undefined {
    const login = typeof token === 'string' ? this.#logins.get(token) : undefined;
    return login && this.#now() < login.expiresAt ? login : undefined;
  }

  clear(): void {
    this.#logins.clear();
  }
}
