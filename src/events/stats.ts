import type { AttachmentEvents } from './events';

/** Counts since the start. Bytes are those of local files and bytes; content that Facebook fetches is not counted. */
export interface AttachmentStats {
  /** Attachments that were delivered. */
  readonly sends: number;
  /** Of these, sent by a saved ID. */
  readonly sendsById: number;
  /** Of these, uploaded and sent in one step. */
  readonly sendsInOneStep: number;
  /** Uploads that returned an ID, including sends that saved one. */
  readonly uploads: number;
  /** Messages that were delivered although Facebook refused the ID. */
  readonly recoveries: number;
  /** IDs that were refreshed before they expired. */
  readonly refreshes: number;
  /** Messages, or parts of them, that were not sent, and failures behind messages that were. */
  readonly errors: number;
  /** Bytes that were uploaded. */
  readonly bytesUploaded: number;
  /** Bytes that were not uploaded because an ID was sent instead. Negative while there are more uploads than sends. */
  readonly bytesSaved: number;
}

type Counts = { -readonly [Name in keyof AttachmentStats]: number };

/** Counts what is reported. */
export class StatsCounter {
  readonly #counts: Counts = {
    sends: 0,
    sendsById: 0,
    sendsInOneStep: 0,
    uploads: 0,
    recoveries: 0,
    refreshes: 0,
    errors: 0,
    bytesUploaded: 0,
    bytesSaved: 0,
  };

  readonly #counters: { [Name in keyof AttachmentEvents]: (...args: AttachmentEvents[Name]) => void } = {
    upload: ({ bytes = 0 }) => {
      this.#counts.uploads += 1;
      this.#counts.bytesUploaded += bytes;
      this.#counts.bytesSaved -= bytes;
    },
    send: ({ how, bytes = 0 }) => {
      this.#counts.sends += 1;
      if (how === 'id') {
        this.#counts.sendsById += 1;
        this.#counts.bytesSaved += bytes;
        return;
      }
      this.#counts.sendsInOneStep += 1;
      this.#counts.bytesUploaded += bytes;
      if (how === 'save') this.#counts.uploads += 1;
    },
    recover: () => {
      this.#counts.recoveries += 1;
    },
    refresh: () => {
      this.#counts.refreshes += 1;
    },
    error: () => {
      this.#counts.errors += 1;
    },
  };

  get snapshot(): AttachmentStats {
    return { ...this.#counts };
  }

  count<Name extends keyof AttachmentEvents>(name: Name, ...args: AttachmentEvents[Name]): void {
    this.#counters[name](...args);
  }
}
