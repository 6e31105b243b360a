/** Small bodies are never kept waiting. */
const SMALL = 64 * 1024;

/**
 * How many bytes of bodies are read at once. Anybody can send a body, for the token may be in it: whoever comes when
 * the budget is spent waits, unread, until others are done.
 */
export class BodyBudget {
  #left: number;
  readonly #waiting: { bytes: number; start: () => void }[] = [];

  /** `bytes` is at least as much as any one body. */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Resolves, in turn, when there is room, with a function that gives the room back. */
  async reserve(bytes: number): Promise<() => void> {
    if (bytes <= SMALL) return () => undefined;
    if (this.#waiting.length > 0 || this.#left < bytes) {
      await new Promise<void>((start) => this.#waiting.push({ bytes, start }));
    } else {
      this.#left -= bytes;
    }
    return () => {
      this.#left += bytes;
      this.#startNext();
    };
  }

  #startNext(): void {
    for (let first = this.#waiting[0]; first && first.bytes <= this.#left; first = this.#waiting[0]) {
      this.#left -= first.bytes;
      this.#waiting.shift();
      first.start();
    }
  }
}
