import type { GraphError, TransportError } from './errors';

/** Milliseconds of the first pause; doubled for each further one until an upload succeeds. */
const FIRST_PAUSE = 5_000;

/** Milliseconds. Longer only if the platform says so. */
const LONGEST_PAUSE = 5 * 60_000;

/** Milliseconds until it is worth asking again, while another upload tries whether the platform takes any. */
const TRIAL_CHECK = 1_000;

/** An answer of the platform that says stop. */
export type RateLimitError = GraphError | TransportError;

/**
 * Holds the uploads of one page back after a rate limit. Messages go in one step meanwhile.
 *
 * The first pause takes 5 s, each further one twice as long, up to 5 min; longer if the platform says so. After a pause
 * one upload at a time goes out, as a trial, until one has succeeded.
 *
 * `GraphClient.post` does all this for calls whose action is `upload`: it begins none during a pause, and throws the
 * pause's error instead. To know beforehand, call `check()`; to wait, use `remainingMs`.
 *
 * @see https://developers.facebook.com/docs/graph-api/overview/rate-limiting
 */
export class UploadPause {
  /** What began the pause. It stays after the pause, until an upload has succeeded. */
  #error: RateLimitError | undefined;
  #endsAt = 0;
  /** How many pauses there were since the last success. */
  #pauses = 0;
  #isTrialUnderWay = false;

  /**
   * May an upload begin now?
   *
   * @returns Undefined if so. Otherwise the error that began the pause, the same one for the whole pause.
   */
  check(): RateLimitError | undefined {
    return this.remainingMs > 0 ? this.#error : undefined;
  }

  /** Milliseconds until an upload may begin, as far as it is known. 0: now. */
  get remainingMs(): number {
    const left = Math.max(0, this.#endsAt - performance.now());
    return left === 0 && this.#isTrialUnderWay ? TRIAL_CHECK : left;
  }

  /**
   * Runs an upload, unless uploads pause.
   *
   * @throws What `check()` returns, or what `upload` throws.
   */
  async run<T>(upload: () => Promise<T>): Promise<T> {
    const paused = this.check();
    if (paused) throw paused;
    const beganAt = performance.now();
    const isTrial = this.#error !== undefined;
    if (isTrial) this.#isTrialUnderWay = true;
    try {
      const answer = await upload();
      // What began before the pause says nothing about the time after it.
      if (beganAt >= this.#endsAt) this.#end();
      return answer;
    } finally {
      if (isTrial) this.#isTrialUnderWay = false;
    }
  }

  /**
   * Begins a pause, or makes it longer.
   *
   * @param error - What the platform answered, to whatever call of the page.
   * @param asked - Milliseconds that the platform asks for. 0: it names no time.
   */
  begin(error: RateLimitError, asked: number): void {
    const now = performance.now();
    if (now < this.#endsAt) {
      // Uploads that were under way when the pause began get the same answer: that is no further pause.
      this.#endsAt = Math.max(this.#endsAt, now + asked);
      return;
    }
    this.#error = error;
    this.#endsAt = now + Math.max(asked, Math.min(FIRST_PAUSE * 2 ** this.#pauses, LONGEST_PAUSE));
    this.#pauses += 1;
  }

  #end(): void {
    this.#error = undefined;
    this.#pauses = 0;
  }
}
