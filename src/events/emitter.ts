import { EventEmitter, type captureRejectionSymbol } from 'node:events';
import type { AttachmentEvents } from './events';

interface Listening {
  /** Calls `listener` with each event of that name. */
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
  /** The same as `on`. */
  addListener<Name extends keyof AttachmentEvents>(
    name: Name,
    listener: (...args: AttachmentEvents[Name]) => void,
  ): this;
  /** The same as `off`. */
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

export const AttachmentEmitter = EventEmitter as new (options: {
  captureRejections: boolean;
}) => AttachmentEmitter;
