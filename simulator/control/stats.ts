import { type CallOutline } from './call-outline';
import { type Platform } from '../platform/platform';

/** What IDs are worth to a bot, from its calls alone: so it is true of any bot, in any language. */
export interface Stats {
  /** Attachments that arrived. */
  sends: number;
  /** Of these, by ID. */
  byId: number;
  /** Of these, by an ID that had been used before, or that a send had saved: nothing was uploaded for them. */
  hits: number;
  /** Attachments that were saved without being sent. */
  uploads: number;
  /** Calls that were refused because the ID was dead. */
  refused: number;
  /** What all calls brought along. */
  bytesUp: number;
  /** Bytes of files that would have gone up, had each send brought its file, less those that did. */
  bytesSaved: number;
}

/** Counts calls as they end. */
export class StatsCounter {
  readonly #platform: Platform;
  #stats = emptyStats();

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  get stats(): Stats {
    return { ...this.#stats };
  }

  count({ purpose, status, subcode, bytes, attachmentId, file }: CallOutline): void {
    const stats = this.#stats;
    stats.bytesUp += bytes;
    if (subcode === 2018074) stats.refused += 1;
    if (status !== 200) return;
    if (purpose === 'upload-file' || purpose === 'upload-url') {
      stats.uploads += 1;
      stats.bytesSaved -= file?.bytes ?? 0;
    }
    if (purpose === 'send-file' || purpose === 'send-url') stats.sends += 1;
    if (purpose === 'send-id' || (purpose === 'send-template' && attachmentId !== undefined)) {
      const asset = attachmentId === undefined ? undefined : this.#platform.asset(attachmentId);
      stats.sends += 1;
      stats.byId += 1;
      if (asset && (asset.timesUsed > 1 || asset.via === 'send')) stats.hits += 1;
      // What comes from a URL never goes through the bot.
      if (asset && asset.url === undefined) stats.bytesSaved += asset.bytes;
    }
  }

  clear(): void {
    this.#stats = emptyStats();
  }
}

function emptyStats(): Stats {
  return { sends: 0, byId: 0, hits: 0, uploads: 0, refused: 0, bytesUp: 0, bytesSaved: 0 };
}
