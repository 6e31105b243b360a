import type { AttachmentEvents } from './events';

/** Counts since the start. Bytes are those of local files and bytes; what Facebook fetches from the web is not counted. */
export interface AttachmentStats {
  /** Attachments that arrived. */
  readonly sends: number;
  /** Of these, sent by a saved ID. */
  readonly sendsById: number;
  /** Of these, uploaded and sent in one step. */
  readonly sendsInOneStep: number;
  /** Uploads that gave an ID; sends that saved one among them. */
  readonly uploads: number;
  /** Messages that arrived although Facebook refused the ID. */
  readonly recoveries: number;
  /** IDs that were renewed before their end. */
  readonly refreshes: number;
  /** Messages that did not go out, and what failed behind others that did. */
  readonly errors: number;
  /** Bytes that went up. */
  readonly bytesUploaded: number;
  /** Bytes that did not go up because an ID went instead: below 0 while uploads are ahead of sends. */
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
