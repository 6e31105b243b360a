import { rateLimited } from './errors';
import { type Page } from '../platform/model';

/** Messages a second that a page may send. Meta's rate-limit page: 300, and 10 of audio and video. */
export interface RateLimits {
  /** Default: 300 */
  perSecond?: number | undefined;
  /** Default: 10 */
  mediaPerSecond?: number | undefined;
}

export type RateClass = 'media' | 'other';

/** How much of a limit a page has used up. */
export interface Usage {
  /** Percent of the limit that is nearest to its end. */
  percent: number;
  /** Minutes; 0 while calls are taken. */
  minutesToWait: number;
}

const SECOND = 1000;

/** Counts what each page sends in a second of the clock. Without `limits`, nothing is limited. */
export class SendRates {
  readonly #limits: Record<RateClass, number> | undefined;
  readonly #clock: () => number;
  readonly #sent = new Map<string, number[]>();

  constructor(limits: RateLimits | undefined, clock: () => number) {
    this.#limits = limits && {
      other: limits.perSecond ?? 300,
      media: limits.mediaPerSecond ?? 10,
    };
    this.#clock = clock;
  }

  /** Counts a message, or throws 80006 if there were too many in the last second. */
  take(page: Page, rateClass: RateClass): void {
    if (!this.#limits) return;
    const recent = this.#recent(page, rateClass);
    if (recent.length >= this.#limits[rateClass]) throw rateLimited();
    recent.push(this.#clock());
  }

  usage(page: Page): Usage {
    const limits = this.#limits;
    if (!limits) return { percent: 0, minutesToWait: 0 };
    const percents = (['other', 'media'] as const).map(
      (rateClass) => (100 * this.#recent(page, rateClass).length) / limits[rateClass],
    );
    const percent = Math.min(100, Math.floor(Math.max(...percents)));
    return { percent, minutesToWait: percent === 100 ? 1 : 0 };
  }

  clear(): void {
    this.#sent.clear();
  }

  /** The times of the messages of the last second. */
  #recent(page: Page, rateClass: RateClass): number[] {
    const key = `${page.id}:${rateClass}`;
    const since = this.#clock() - SECOND;
    const recent = (this.#sent.get(key) ?? []).filter((time) => time > since);
    this.#sent.set(key, recent);
    return recent;
  }
}
