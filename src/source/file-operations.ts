import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { awakeTimer } from '../base/awake-timer';
import { toError } from '../base/errors';

/** How long an operation on a file may take. Milliseconds. */
const TIMEOUT = 5_000;

/**
 * Node works on files with four threads, which look up host names as well. An operation on a network mount that hangs
 * keeps its thread until the mount answers, so `FileOperations` runs no more than this at a time.
 *
 * Not counted are temporary files, whose folder is on a local disk as a rule, and the search for the files of a folder
 * or a glob (tinyglobby): no message makes one, only `warm` and the command-line tool.
 */
const MAX_RUNNING = 3;

/** Of each kind, so that hanging reads do not keep sends by known IDs from going out. */
const MAX_RUNNING_OF_A_KIND = 2;

/** `check`: what is the file now? `content`: open, read and close it. */
type Kind = 'check' | 'content';

/** The file system did not answer in time. The operation may still be going on. */
export class FileTimeout extends Error {
  override readonly name = 'FileTimeout';

  constructor() {
    super(`the file system did not answer within ${TIMEOUT / 1000} s`);
  }
}

interface Operation {
  readonly kind: Kind;
  readonly file: string;
  readonly askedAt: number;
  startedAt: number | undefined;
  readonly perform: () => Promise<void>;
}

/**
 * Operations on files, a few at a time and one at a time for each file, so that a file that hangs takes up one place
 * only. For its caller, each fails 5 s after it began, or 5 s after the queue last moved if it has not; its place is
 * free again when it has really ended.
 */
export class FileOperations {
  readonly #waiting: Readonly<Record<Kind, Set<Operation>>> = { check: new Set(), content: new Set() };
  readonly #running = new Map<string, Operation>();
  readonly #checks = new Map<string, Promise<Stats>>();
  #lastEnd = 0;

  /**
   * What the file is now: never the answer of a check that began before this one was asked for. All who ask while a
   * check waits for its turn share it.
   *
   * @throws {FileTimeout} There is no answer.
   * @throws What `stat` throws.
   */
  async check(file: string): Promise<Stats> {
    const waiting = this.#checks.get(file);
    if (waiting) return waiting;
    let hasBegun = false;
    const check = this.run('check', file, () => {
      hasBegun = true;
      this.#checks.delete(file);
      return stat(file);
    });
    // It may have begun at once.
    if (!hasBegun as boolean) {
      this.#checks.set(file, check);
      check.catch(() => {
        if (this.#checks.get(file) === check) this.#checks.delete(file);
      });
    }
    return check;
  }

  /**
   * @param onLate - Gets the result that came after the timeout.
   * @throws {FileTimeout} It did not end, or did not get its turn, within 5 s.
   * @throws What `work` throws.
   */
  run<T>(
    kind: Kind,
    file: string,
    work: () => Promise<T>,
    onLate: (result: T) => unknown = noop,
  ): Promise<T> {
    return this.#add(kind, file, work, onLate, true);
  }

  /**
   * Runs work that must be done sooner or later, such as closing a file: it keeps its place in the queue after the
   * timeout.
   */
  finish(kind: Kind, file: string, work: () => Promise<void>): Promise<void> {
    return this.#add(kind, file, work, noop, false);
  }

  #add<T>(
    kind: Kind,
    file: string,
    work: () => Promise<T>,
    onLate: (result: T) => unknown,
    mayGiveUp: boolean,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let isOver = false;
      const operation: Operation = {
        kind,
        file,
        askedAt: performance.now(),
        startedAt: undefined,
        perform: async () => {
          try {
            const result = await work();
            if (isOver) onLate(result);
            else resolve(result);
          } catch (error) {
            reject(toError(error));
          }
          isOver = true;
          cancel();
        },
      };
      const expire = (): void => {
        if (isOver) return;
        const rest = this.#timeLeft(operation);
        if (rest > 0) {
          cancel = awakeTimer(rest, expire);
          return;
        }
        isOver = true;
        if (mayGiveUp) this.#waiting[kind].delete(operation);
        reject(new FileTimeout());
      };
      let cancel = awakeTimer(TIMEOUT, expire);
      this.#waiting[kind].add(operation);
      this.#startNext();
    });
  }

  /** An operation that waits for its turn has time as long as the others go on. */
  #timeLeft({ file, askedAt, startedAt }: Operation): number {
    const lastMove = startedAt ?? Math.max(askedAt, this.#running.get(file)?.startedAt ?? this.#lastEnd);
    return lastMove + TIMEOUT - performance.now();
  }

  #startNext(): void {
    for (const waiting of Object.values(this.#waiting)) {
      for (const operation of waiting) {
        if (!this.#hasPlace(operation.kind)) break;
        if (this.#running.has(operation.file)) continue;
        waiting.delete(operation);
        void this.#start(operation);
      }
    }
  }

  async #start(operation: Operation): Promise<void> {
    operation.startedAt = performance.now();
    this.#running.set(operation.file, operation);
    await operation.perform();
    this.#running.delete(operation.file);
    this.#lastEnd = performance.now();
    this.#startNext();
  }

  #hasPlace(kind: Kind): boolean {
    if (this.#running.size >= MAX_RUNNING) return false;
    let ofKind = 0;
    for (const running of this.#running.values()) if (running.kind === kind) ofKind++;
    return ofKind < MAX_RUNNING_OF_A_KIND;
  }
}

/** All of this process share its threads. */
export const fileOperations = new FileOperations();

function noop(): void {
  // Nobody waits for it any more.
}
