import { EventEmitter, type captureRejectionSymbol } from 'node:events';
import { withCode } from '../base/check-options';
import { didYouMean, findSimilarName } from '../base/similar-name';
import type { AttachmentEvents } from './events';

interface Listening {
  /**
   * Calls `listener` with each event of that name.
   *
   * @throws {TypeError} `ERR_ARGUMENT_INVALID`: there is no such event. All methods that add a listener throw it.
   */
  on<Name extends keyof AttachmentEvents>(
    name: Name,
    listener: (...args: AttachmentEvents[Name]) => void,
  ): this;
  /** Calls `listener` with the next event of that name only. */
  once<Name extends keyof AttachmentEvents>(
    name: Name,
    listener: (...args: AttachmentEvents[Name]) => void,
  ): this;
  /** Removes a listener. */
  off<Name extends keyof AttachmentEvents>(
    name: Name,
    listener: (...args: AttachmentEvents[Name]) => void,
  ): this;
  /** Calls `listener` with each event of that name, as `on` does. */
  addListener<Name extends keyof AttachmentEvents>(
    name: Name,
    listener: (...args: AttachmentEvents[Name]) => void,
  ): this;
  /** Removes a listener, as `off` does. */
  removeListener<Name extends keyof AttachmentEvents>(
    name: Name,
    listener: (...args: AttachmentEvents[Name]) => void,
  ): this;
  /** As `on`, but the listener is called before the existing ones. */
  prependListener<Name extends keyof AttachmentEvents>(
    name: Name,
    listener: (...args: AttachmentEvents[Name]) => void,
  ): this;
  /** As `once`, but the listener is called before the existing ones. */
  prependOnceListener<Name extends keyof AttachmentEvents>(
    name: Name,
    listener: (...args: AttachmentEvents[Name]) => void,
  ): this;
}

type Emitter = Omit<EventEmitter<AttachmentEvents>, keyof Listening | typeof captureRejectionSymbol>;

/** An EventEmitter for these events only. Node's types would accept any event name. */
export interface AttachmentEmitter extends Listening, Emitter {
  /** Handles a listener that rejects. */
  [captureRejectionSymbol](error: Error, ...args: unknown[]): void;
}

const EVENTS = Object.keys({
  upload: true,
  send: true,
  recover: true,
  refresh: true,
  error: true,
} satisfies Record<keyof AttachmentEvents, true>);

/** Events of every EventEmitter. */
const NODES_EVENTS: readonly string[] = ['newListener', 'removeListener'];

class CheckedEmitter extends EventEmitter {
  constructor() {
    super({ captureRejections: true });
    // Before any listener is added, by whichever method.
    this.on('newListener', checkEventName);
  }
}

export const AttachmentEmitter = CheckedEmitter as unknown as new () => AttachmentEmitter;

/** In JavaScript a misspelt name would go unnoticed: its listener is never called. */
function checkEventName(name: unknown): void {
  if (typeof name !== 'string' || EVENTS.includes(name) || NODES_EVENTS.includes(name)) return;
  const similar = didYouMean(findSimilarName(name, EVENTS));
  const message = `Expected the event to be one of ${EVENTS.join(', ')}, got \`${name}\`${similar}`;
  throw withCode('ERR_ARGUMENT_INVALID', new TypeError(message));
}
