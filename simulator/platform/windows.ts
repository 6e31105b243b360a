const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

/** Milliseconds that a page may write to a person who has written. */
export const STANDARD_WINDOW = DAY;
/** The same with the tag `HUMAN_AGENT`. */
export const HUMAN_AGENT_WINDOW = 7 * DAY;

/** `platform`: as the platform has it. `open`: no window ever closes. */
export type WindowRule = 'platform' | 'open';

/**
 * When people last wrote to a page: from then on it may write to them for 24 hours. When a simulator starts, people 1
 * to 9 and those with a profile have just written to every page.
 */
export class Windows {
  readonly #rule: WindowRule;
  readonly #hasProfile: (user: string) => boolean;
  readonly #people = new Map<string, number>();
  readonly #pages = new Map<string, number>();
  #start: number;

  constructor(rule: WindowRule, start: number, hasProfile: (user: string) => boolean) {
    this.#rule = rule;
    this.#hasProfile = hasProfile;
    this.#start = start;
  }

  /** A person has written; without `user`, everyone has. */
  open(page: string, user: string | undefined, now: number): void {
    if (user === undefined) this.#pages.set(page, now);
    else this.#people.set(`${page}:${user}`, now);
  }

  /** Milliseconds since the person last wrote to the page; Infinity if never. */
  age(page: string, user: string, now: number): number {
    if (this.#rule === 'open') return 0;
    const start = /^[1-9]$/.test(user) || this.#hasProfile(user) ? this.#start : -Infinity;
    const person = this.#people.get(`${page}:${user}`) ?? -Infinity;
    return now - Math.max(start, person, this.#pages.get(page) ?? -Infinity);
  }

  clear(now: number): void {
    this.#people.clear();
    this.#pages.clear();
    this.#start = now;
  }
}
