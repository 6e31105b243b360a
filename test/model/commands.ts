import assert from 'node:assert/strict';
import fc, { type Arbitrary, type AsyncCommand } from 'fast-check';
import type { Fault } from 'messenger-platform-simulator';
import { answers, hangs, throws, type StoreBehavior } from '../support/stores/faulty-store';
import {
  ASSETS,
  PAGES,
  UPLOAD_WAIT,
  type AssetName,
  type Fate,
  type FileName,
  type Message,
  type World,
} from './world';

const DAY = 24 * 60 * 60 * 1000;
const PROCESSES = [0, 1] as const;

/** What must be true of the world, as far as it matters to what must arrive. */
export interface Model {
  /** Which process has an ID of a page in memory that is alive and not near its end: `0 1001 a.png`. */
  readonly known: Set<string>;
  /** Which assets of a page have such an ID in the store: `1001 a.png`. */
  readonly stored: Set<string>;
  /** Processes that have met a store which could not be read: when they look at it again is up to them. */
  readonly notReading: Set<number>;
  /** Processes that have met a store which could not be written. */
  readonly notWriting: Set<number>;
  /** Pages for which the processes have a wrong token. */
  readonly wrongTokens: Set<string>;
  uploads: 'work' | 'fail at times' | 'are refused';
  sends: 'work' | 'fail at times';
  store: 'works' | 'is read-only' | 'fails';
  /** Something may still go on in the background. */
  isBusy: boolean;
}

export function newModel(): Model {
  return {
    known: new Set(),
    stored: new Set(),
    notReading: new Set(),
    notWriting: new Set(),
    wrongTokens: new Set(),
    uploads: 'work',
    sends: 'work',
    store: 'works',
    isBusy: false,
  };
}

type Command = AsyncCommand<Model, World>;
type Run = (model: Model, world: World) => Promise<void>;

const aProcess = fc.constantFrom(...PROCESSES);
const aPage = fc.constantFrom(...PAGES);
const aMessage: Arbitrary<Message> = fc.record({
  process: aProcess,
  page: aPage,
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
  { hang: true },
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
  { hang: true },
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
      for (const page of PAGES) forgetIdsOf(model, page, file);
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
      for (const process of PROCESSES) {
        model.notReading.add(process);
        model.notWriting.add(process);
      }
      return Promise.resolve();
    }),
  ),
  fc.constant(
    command('the store becomes read-only', (model, { store }) => {
      const refuse = throws("READONLY You can't write against a read only replica.");
      store.fail({ set: refuse, delete: refuse });
      model.store = 'is read-only';
      for (const process of PROCESSES) model.notWriting.add(process);
      return Promise.resolve();
    }),
  ),
  aMessage.map((message) =>
    command(
      `process ${message.process} forgets ${message.asset} of ${message.page}`,
      async (model, world) => {
        const isDeleted = await world.forget(message);
        assert.ok(isDeleted || model.notWriting.size > 0, 'a store that works deletes what is forgotten');
        model.known.delete(`${message.process} ${idOf(message)}`);
        model.stored.delete(idOf(message));
        // The other process may have it, and writes it when it is next asked to.
        model.isBusy = true;
      },
    ),
  ),
  fc.tuple(aMessage, fc.integer({ min: 1, max: 4 })).map(([message, times]) => forgetDuring(message, times)),
  fc.tuple(aPage, fc.boolean()).map(([page, isWrong]) =>
    command(`the token of ${page} is ${isWrong ? 'wrong' : 'right'}`, (model, world) => {
      world.setToken(page, isWrong ? 'NO-TOKEN-OF-ANY-PAGE' : undefined);
      if (isWrong) model.wrongTokens.add(page);
      else model.wrongTokens.delete(page);
      return Promise.resolve();
    }),
  ),
  aProcess.map((process) =>
    command(`process ${process} restarts`, async (model, world) => {
      await world.restart(process);
      for (const id of [...model.known]) if (id.startsWith(`${process} `)) model.known.delete(id);
      if (model.store !== 'fails') model.notReading.delete(process);
      if (model.store === 'works') model.notWriting.delete(process);
    }),
  ),
  fc.constant(
    command('all is well again', async (model, world) => {
      await world.heal();
      Object.assign(model, { uploads: 'work', sends: 'work', store: 'works' });
      model.wrongTokens.clear();
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

/** What is on its way when it is forgotten arrives, and nobody may rely on an ID afterwards. */
function forgetDuring(message: Message, times: number): Command {
  const name = `${times} at once, and process 0 forgets it: ${describe(message)}`;
  return command(name, async (model, world) => {
    const sending = Promise.all(Array.from({ length: times }, () => world.send(message)));
    await world.forget({ ...message, process: 0 });
    for (const fate of await sending) judge(model, message, fate);
    await settle(model, world);
    forgetIdsOf(model, message.page, message.asset);
  });
}

async function run(model: Model, world: World, messages: readonly Message[]): Promise<void> {
  const [first] = messages;
  assert.ok(first);
  const id = idOf(first);
  const processes = [...new Set(messages.map(({ process }) => process))];
  let fates: Fate[] = [];
  const begun = performance.now();
  const uploads = await world.countUploads(async () => {
    fates = await Promise.all(messages.map((message) => world.send(message)));
  });
  const isInTime = performance.now() - begun < UPLOAD_WAIT;
  for (const fate of fates) judge(model, first, fate);

  if (model.uploads !== 'work' || model.sends !== 'work' || model.wrongTokens.has(first.page)) {
    model.isBusy = true;
    return;
  }
  if (model.isBusy) return;
  const isKnown = (process: number) =>
    model.known.has(`${process} ${id}`) || (model.stored.has(id) && !model.notReading.has(process));
  const most = processes.every(isKnown) ? 0 : 2 * processes.length;
  // On a machine that is busy, messages stop waiting and go in one step.
  if (isInTime) assert.ok(uploads <= most, `${first.asset} went up ${uploads} times, and ${most} are enough`);
  // A recovery goes on in the background; what comes of it is known when that is over.
  await settle(model, world);
  for (const process of processes) {
    model.known.add(`${process} ${id}`);
    if (model.notReading.size === 0 && model.notWriting.size === 0) model.stored.add(id);
  }
}

function judge(model: Model, { page, isTemplate }: Message, { error, arrived }: Fate): void {
  assert.ok(arrived <= 1, 'it arrives once at most');
  if (error === undefined) {
    assert.equal(arrived, 1, 'what is said to be sent has arrived');
    return;
  }
  const isExcused =
    model.sends !== 'work' ||
    model.wrongTokens.has(page) ||
    model.uploads === 'are refused' ||
    // It goes by an ID or not at all.
    (model.uploads !== 'work' && isTemplate);
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

function forgetIdsOf({ known, stored }: Model, page: string, asset: AssetName): void {
  const id = idOf({ page, asset });
  for (const process of PROCESSES) known.delete(`${process} ${id}`);
  stored.delete(id);
}

function idOf({ page, asset }: Pick<Message, 'page' | 'asset'>): string {
  return `${page} ${asset}`;
}

function describe({ process, page, asset, isTemplate }: Message): string {
  return `process ${process} sends ${asset} for ${page}${isTemplate ? ' in a media template' : ''}`;
}

function command(name: string, run: Run): Command {
  return { check: () => true, run, toString: () => name };
}
