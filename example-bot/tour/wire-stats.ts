import { setTimeout as delay } from 'node:timers/promises';
import { type Simulator, type ThreadAttachment } from 'messenger-platform-simulator';

/** What went over the wire, as the platform has seen it. */
export interface WireStats {
  /** Messages that people got. */
  readonly messages: number;
  /** Calls of the Graph API. */
  readonly calls: number;
  /** Calls that were answered with an error. */
  readonly refused: number;
  /** Calls that brought a file, or named a web address to fetch it from. */
  readonly uploads: number;
  /** Bytes of all calls. */
  readonly sentUp: number;
  /** Bytes of the files that the platform had to take in. */
  readonly filesIn: number;
  /** Bytes of the files that people got. */
  readonly filesOut: number;
}

/** Everything since the simulator's start. */
export function readWireStats(simulator: Simulator): WireStats {
  const { calls, bytes, errors, byPurpose } = simulator.totals();
  const { assets, threads } = simulator.state();
  const messages = threads.flatMap((thread) => thread.messages).filter(({ from }) => from === 'page');
  const files = messages.flatMap(({ attachments }) => attachments);
  // What was sent without an ID has come with its message.
  const oneStep = files.filter(({ attachmentId }) => attachmentId === undefined);
  const uploads = ['upload-file', 'upload-url', 'send-file', 'send-url'] as const;
  return {
    messages: messages.length,
    calls,
    refused: errors,
    uploads: uploads.reduce((sum, purpose) => sum + (byPurpose[purpose] ?? 0), 0),
    sentUp: bytes,
    filesIn: sizeOf(assets) + sizeOf(oneStep),
    filesOut: sizeOf(files),
  };
}

export function difference(after: WireStats, before: WireStats): WireStats {
  return {
    messages: after.messages - before.messages,
    calls: after.calls - before.calls,
    refused: after.refused - before.refused,
    uploads: after.uploads - before.uploads,
    sentUp: after.sentUp - before.sentUp,
    filesIn: after.filesIn - before.filesIn,
    filesOut: after.filesOut - before.filesOut,
  };
}

/** Resolves when the bot is quiet: it may still be renewing IDs when everyone has been answered. */
export async function untilQuiet(simulator: Simulator): Promise<void> {
  let seen = -1;
  for (;;) {
    const calls = simulator.calls();
    const isBusy = calls.some(({ status, fault }) => status === 0 && fault === undefined);
    if (!isBusy && calls.length === seen) return;
    seen = calls.length;
    await delay(150);
  }
}

function sizeOf(files: readonly Pick<ThreadAttachment, 'bytes'>[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
