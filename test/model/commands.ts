import assert from 'node:assert/strict';
import fc, { type Arbitrary, type AsyncCommand } from 'fast-check';
import type { Fault } from 'messenger-platform-simulator';
import { answers, hangs, throws, type StoreBehavior } from '../support/stores/faulty-store';
import { ASSETS, type AssetName, type Fate, type FileName, type World } from './world';

const DAY = 24 * 60 * 60 * 1000;
const PROCESSES = [0, 1] as const;

/** What must be true of the world, as far as it matters to what must arrive. */
export interface Model {
  /** Which process has an ID in memory that is alive and not near its end: `0 a.png`. */
  readonly known: Set<string>;
  /** Which assets have such an ID in the store. */
  readonly stored: Set<AssetName>;
  /** Processes for which the store has failed: when they look at it again is up to them. */
  readonly doubting: Set<number>;
  uploads: 'work' | 'fail at times' | 'are refused';
  sends: 'work' | 'fail at times';
  store: 'works' | 'fails';
  /** Something may still go on in the background. */
  isBusy: boolean;
}

export function newModel(): Model {
  return {
    known: new Set(),
    stored: new Set(),
    doubting: new Set(),
    uploads: 'work',
    sends: 'work',
    store: 'works',
    isBusy: false,
  };
}

type Command = AsyncCommand<Model, World>;
type Run = (model: Model, world: World) => Promise<void>;

interface Message {
  readonly process: 0 | 1;
  readonly asset: AssetName;
  readonly isTemplate: boolean;
}

const aProcess = fc.constantFrom(...PROCESSES);
const aMessage: Arbitrary<Message> = fc.record({
  process: aProcess,
  asset: fc.constantFrom(...ASSETS),
  isTemplate: fc.boolean(),
});

/** Of a temporary kind: the upload is tried again, or the message goes in one step. */
const UPLOADS_FAIL: readonly Fault[] = [
  { status: 500, body: '' },
  { reset: 'during' },
  { reset: 'after' },
  // Longer than a media template waits.
  { error: { code: 613 }, headers: { 'Retry-After': '70' } },
  { drop: ['attachment_id'] },
  { status: 200, body: '<html>', accept: true },
];
const UPLOADS_REFUSED: readonly Fault[] = [
  { error: { code: 100, subcode: 2018047 } },
  { error: { code: 190 } },
  { error: { code: 200 } },
];
const SENDS_FAIL: readonly Fault[] = [
  { reset: 'before' },
  { reset: 'after' },
  { reset: 'answer' },
  { status: 500, body: '', accept: true },
  { error: { code: 1, subcode: 1357046 }, accept: true },
  { error: { code: 551, subcode: 1545041 } },
];
const STORE_FAILS: readonly StoreBehavior[] = [
  hangs,
  throws(),
  answers('junk'),
  answers('{"value":{"v":2}}'),
];

const many = fc.integer({ min: 1, max: 3 });

export const commands: readonly Arbitrary<Command>[] = [
  aMessage.map((message) => send(message)),
  aMessage.map((message) => send(message)),
  fc.tuple(aMessage, fc.integer({ min: 2, max: 6 })).map(([message, times]) => storm(message, times)),
  fc.constantFrom<FileName>('a.png', 'b.png').map((file) =>
    command(`edit ${file}`, async (model, world) => {
      // What is on its way would take the file as it was.
      await settle(model, world);
      await world.edit(file);
      for (const process of PROCESSES) model.known.delete(`${process} ${file}`);
      model.stored.delete(file);
    }),
  ),
  fc.boolean().map((all) =>
    command(all ? 'revoke all' : 'revoke the newest', (model, { sim }) => {
      if (all) sim.revokeAll();
      else sim.revoke(sim.assets().at(-1)?.id ?? '');
      forgetIds(model);
      return Promise.resolve();
    }),
  ),
  fc.integer({ min: 1, max: 100 }).map((days) =>
    command(`${days} days pass`, async (model, world) => {
      await world.passTime(days * DAY);
      forgetIds(model);
      model.isBusy = true;
    }),
  ),
  fc.integer({ min: 1, max: 100 }).map((days) =>
    command(`the platform's clock runs ${days} days ahead`, (model, { sim }) => {
      sim.advanceDays(days);
      forgetIds(model);
      return Promise.resolve();
    }),
  ),
  fc.tuple(fc.constantFrom(...UPLOADS_FAIL), many).map(([fault, times]) =>
    command(`${times} uploads fail: ${JSON.stringify(fault)}`, (model, { sim }) => {
      sim.addFaults({ ...fault, times, path: '/message_attachments$' });
      if (model.uploads === 'work') model.uploads = 'fail at times';
      return Promise.resolve();
    }),
  ),
  fc.tuple(fc.constantFrom(...UPLOADS_REFUSED), many).map(([fault, times]) =>
    command(`${times} uploads are refused: ${JSON.stringify(fault)}`, (model, { sim }) => {
      sim.addFaults({ ...fault, times, path: '/message_attachments$' });
      model.uploads = 'are refused';
      return Promise.resolve();
    }),
  ),
  fc.constantFrom(...SENDS_FAIL).map((fault) =>
    command(`a send fails: ${JSON.stringify(fault)}`, (model, { sim }) => {
      sim.addFaults({ ...fault, path: '/messages$' });
      model.sends = 'fail at times';
      return Promise.resolve();
    }),
  ),
  fc.constantFrom(...STORE_FAILS.keys()).map((which) =>
    command(`the store fails in way ${which}`, (model, { store }) => {
      const course = STORE_FAILS[which] ?? hangs;
      store.fail(which < 2 ? { get: course, set: course, delete: course } : { get: course });
      model.store = 'fails';
      for (const process of PROCESSES) model.doubting.add(process);
      return Promise.resolve();
    }),
  ),
  aProcess.map((process) =>
    command(`process ${process} restarts`, async (model, world) => {
      await world.restart(process);
      for (const asset of ASSETS) model.known.delete(`${process} ${asset}`);
      if (model.store === 'works') model.doubting.delete(process);
    }),
  ),
  fc.constant(
    command('all is well again', async (model, world) => {
      await world.heal();
      Object.assign(model, { uploads: 'work', sends: 'work', store: 'works' });
      await settle(model, world);
    }),
  ),
];

function send(message: Message): Command {
  return command(describe(message), (model, world) => run(model, world, [message]));
}

/** The same at once, from both processes. */
function storm(message: Message, times: number): Command {
  const messages = Array.from({ length: times }, (_, at) => ({
    ...message,
    process: PROCESSES[at % 2] ?? 0,
  }));
  return command(`${times} at once: ${describe(message)}`, (model, world) => run(model, world, messages));
}

async function run(model: Model, world: World, messages: readonly Message[]): Promise<void> {
  const asset = messages[0]?.asset ?? 'web';
  const processes = [...new Set(messages.map(({ process }) => process))];
  const sending = () =>
    Promise.all(messages.map(({ process, isTemplate }) => world.send(process, asset, isTemplate)));
  let fates: Fate[] = [];
  const uploads = await world.countUploads(async () => {
    fates = await sending();
  });
  for (const [at, fate] of fates.entries()) judge(model, messages[at], fate);

  if (model.uploads !== 'work' || model.sends !== 'work') {
    model.isBusy = true;
    return;
  }
  if (model.isBusy) return;
  const isKnown = (process: number) =>
    model.known.has(`${process} ${asset}`) || (model.stored.has(asset) && !model.doubting.has(process));
  const most = processes.every(isKnown) ? 0 : 2 * processes.length;
  assert.ok(uploads <= most, `${asset} went up ${uploads} times, and ${most} are enough`);
  // A recovery goes on in the background; what comes of it is known when that is over.
  await settle(model, world);
  for (const process of processes) {
    model.known.add(`${process} ${asset}`);
    if (model.doubting.size === 0) model.stored.add(asset);
  }
}

function judge(model: Model, message: Message | undefined, { error, arrived }: Fate): void {
  assert.ok(arrived <= 1, 'it arrives once at most');
  if (error === undefined) {
    assert.equal(arrived, 1, 'what is said to be sent has arrived');
    return;
  }
  const isExcused =
    model.sends !== 'work' ||
    model.uploads === 'are refused' ||
    // It goes by an ID or not at all.
    (model.uploads !== 'work' && message?.isTemplate === true);
  if (!isExcused) throw new Error('Nothing keeps it from being sent', { cause: error });
}

async function settle(model: Model, world: World): Promise<void> {
  await world.settle();
  model.isBusy = false;
}

function forgetIds({ known, stored }: Model): void {
  known.clear();
  stored.clear();
}

function describe({ process, asset, isTemplate }: Message): string {
  return `process ${process} sends ${asset}${isTemplate ? ' in a media template' : ''}`;
}

function command(name: string, run: Run): Command {
  return { check: () => true, run, toString: () => name };
}
