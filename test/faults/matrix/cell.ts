import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { image, type AttachmentCacheOptions, type KeyvStorageLike } from '../../../src';
import { FaultyStore } from '../../support/stores/faulty-store';
import { useFolder, type Folder } from '../../support/files/folder';
import { inTime } from '../../support/checks/waiting';
import { watchProcess } from '../../support/checks/process-problems';
import { assertIdsMatchContent } from '../../support/checks/ids-match-content';
import { useSimulator, type SimulatorFixture } from '../../support/bot/use-simulator';
import { arrived } from '../../support/platform/received';
import { readAsset } from '../../support/files/assets';
import { sha256 } from '../../support/checks/sha256';
import type { RunningBotkit } from '../../support/bot/botkit';
import { openWebsite, type Website } from '../../support/platform/website';
import { say, type Setting, type Way } from './ways';

/** Nothing may take longer: the longest fault is a call that hangs, three times. */
const LONGEST_MS = 15_000;

/** What must have come of a message in the end. */
export interface Outcome {
  /** How often it stands in the user's thread. */
  readonly arrives: 0 | 1;
  readonly reported: boolean;
}

export const ARRIVES: Outcome = { arrives: 1, reported: false };
export const REPORTED: Outcome = { arrives: 0, reported: true };
/** It arrived, and the bot cannot know. */
export const ARRIVES_UNSEEN: Outcome = { arrives: 1, reported: true };

/** A fault, the way that it hits, and what must come of it. */
export interface Cell {
  readonly way: Way;
  readonly options?: (tools: CellTools) => AttachmentCacheOptions | Promise<AttachmentCacheOptions>;
  /** A real store. Default: one that fails as it is told. */
  readonly store?: () => KeyvStorageLike;
  /** Makes the fault, when everything is ready for the message. */
  readonly fault: (setting: Setting & CellTools) => unknown;
  readonly outcome: Outcome;
  /** What is sent. Default: a picture. */
  readonly content?: Uint8Array;
  /** What must have arrived, if not that. */
  readonly arriving?: Uint8Array;
  /** What else must hold, once the message is through. */
  readonly check?: (setting: Setting & CellTools) => unknown;
}

export interface CellTools {
  readonly platform: SimulatorFixture;
  readonly folder: Folder;
}

export interface Matrix {
  readonly cell: (title: string, cell: () => Cell) => void;
}

let cells = 0;

after(() => {
  console.log(`${cells} cells`);
});

/**
 * For a suite: a table of faults. Every cell ends in the same four assertions: delivered exactly once, or reported
 * once; the right bytes; nothing that would end the process; bounded time.
 */
export function useMatrix(): Matrix {
  const platform = useSimulator();
  const folder = useFolder('assets');
  let website: Website;
  before(async () => {
    website = await openWebsite();
  });
  after(() => website.close());
  beforeEach(async () => {
    await folder.write('other.png', readAsset('cats/tom.jpg'));
  });
  return {
    cell: (title, make) => {
      it(title, async function () {
        this.timeout(4 * LONGEST_MS);
        await runCell({ platform: platform, folder }, website, make());
        cells += 1;
      });
    },
  };
}

async function runCell(tools: CellTools, website: Website, cell: Cell): Promise<void> {
  const { platform: platform, folder } = tools;
  const { way, content = readAsset('paw.png'), arriving = content } = cell;
  const { sim } = platform;
  await folder.write('paw.png', content);
  const store = new FaultyStore();
  const shared = cell.store?.() ?? store;
  const root = folder.path;
  const source = way.from === 'web' ? `${website.url}/paw.png` : 'paw.png';
  const botkit = await platform.openBotkit({
    store: shared,
    root,
    ...way.options,
    ...(await cell.options?.(tools)),
  });
  const setting = { sim, botkit, store, shared, root, source, ...tools };
  await way.prepare?.(setting);
  sim.clearCalls();

  const watched = watchProcess();
  try {
    await goThrough(setting, cell, arriving);
  } finally {
    assert.deepEqual(await watched.stop(), [], 'nothing ends the process');
  }
}

async function goThrough(setting: Setting & CellTools, cell: Cell, arriving: Uint8Array): Promise<void> {
  const { sim, botkit: botkit, store, source } = setting;
  const { way, outcome } = cell;
  const bot = await botkit.bot();
  await cell.fault(setting);
  await inTime('the message', say(bot, way.message(source)), LONGEST_MS);
  const { consoleErrors: lines, errors } = botkit;
  assertOutcome(setting, [...lines], [...errors], outcome, arriving);
  await cell.check?.(setting);

  sim.clearFaults();
  store.heal();
  await inTime('the next message', say(bot, { text: 'And on' }), LONGEST_MS);
  assert.equal(arrived(sim).length, outcome.arrives + 1, 'the conversation goes on');
  await inTime('the work in the background', botkit.plugin.close(), LONGEST_MS);
  assertIdsMatchContent(setting.sim, setting.store);
  assert.equal(arrived(sim).length, outcome.arrives + 1, 'nothing comes afterwards');
}

function assertOutcome(
  { sim }: Setting,
  lines: readonly unknown[][],
  errors: readonly Error[],
  outcome: Outcome,
  right: Uint8Array,
): void {
  const shown = arrived(sim).flatMap(({ attachments }) => attachments);
  const why = `reported were: ${errors.map(String).join('; ') || 'none'}; printed: ${inspect(lines)}`;
  assert.equal(shown.length, outcome.arrives, `how often it arrived; ${why}`);
  for (const { sha256: hash } of shown) assert.equal(hash, sha256(right, 'hex'), 'the right bytes');
  assert.equal(lines.length, outcome.reported ? 1 : 0, `how often the adapter complained; ${why}`);
  assert.equal(new Set(errors).size, errors.length, 'no error is reported twice');
  for (const [, error] of lines) assert.equal(errors.filter((one) => one === error).length, 1, why);
}

/** How often a call was made that went to one of the platform's two doors. */
export function countCalls({ sim }: Setting, door: 'messages' | 'message_attachments'): number {
  return sim.calls().filter(({ path }) => path.endsWith(`/${door}`)).length;
}

/** Another send of the same, after the fault. */
export async function sendAgain(botkit: RunningBotkit, source: string): Promise<void> {
  await say(await botkit.bot('7002'), image(source));
}
