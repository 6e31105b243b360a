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
  /** Ends what `on` began. */
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
  /** As `on`, before the listeners that there are. */
  prependListener<Name extends keyof AttachmentEvents>(
    name: Name,
    listener: (...args: AttachmentEvents[Name]) => void,
  ): this;
  /** As `once`, before the listeners that there are. */
  prependOnceListener<Name extends keyof AttachmentEvents>(
    name: Name,
    listener: (...args: AttachmentEvents[Name]) => void,
  ): this;
}

type Emitter = Omit<EventEmitter<AttachmentEvents>, keyof Listening | typeof captureRejectionSymbol>;

/** An EventEmitter that knows its own events only: by Node's types, it could be listened to under any name. */
export interface AttachmentEmitter extends Listening, Emitter {
  /** What becomes of a listener that rejects. */
  [captureRejectionSymbol](error: Error, ...args: unknown[]): void;
}

export const AttachmentEmitter = EventEmitter as new (options: {
  captureRejections: boolean;
}) => AttachmentEmitter;
