import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { StrictMode, type BotLike } from '../../../src/adapter/strict-mode';
import { InFlight } from '../../../src/base/in-flight';
import { watchProcess } from '../../support/checks/process-problems';
import type { FailedMessage } from '../../../src/events/events';

describe('StrictMode', () => {
  let reported: FailedMessage[];
  let failure: Error | undefined;
  let strict: StrictMode;

  beforeEach(() => {
    reported = [];
    failure = undefined;
    strict = new StrictMode(
      new InFlight(),
      () => (failure ? Promise.reject(failure) : Promise.resolve()),
      (_, message) => reported.push(message),
    );
  });

  const botIn = (context: object): BotLike => ({ getConfig: () => context });

  const send = (bot: BotLike): Promise<unknown> =>
    new Promise((resolve) => {
      strict.send(bot, { type: 'message' }, resolve);
    });

  it('leaves alone what is no Botkit controller', () => {
    for (const controller of [undefined, {}, { dialogSet: 'none' }]) strict.guard(controller);
  });

  it('reports a message of a turn that names nobody', async () => {
    failure = new Error('No picture');
    for (const context of [{}, { activity: {} }]) assert.equal(await send(botIn(context)), failure);
    const nobody = { page: undefined, recipient: { id: undefined } };
    assert.deepEqual(reported, [nobody, nobody]);
  });

  /** Whether `bot.say` ends the process, if it rejects with this and nobody waits for it. */
  async function isUnhandled(error: Error): Promise<boolean> {
    const bot = { ...botIn({}), say: () => Promise.reject(error) };
    strict.spawn(bot, () => undefined);
    const watched = watchProcess();
    void bot.say();
    await turn();
    await turn();
    return (await watched.stop()).length > 0;
  }

  it('handles its own rejection of a message that nobody waits for, and no other', async () => {
    failure = new Error('No picture');
    await send(botIn({}));
    assert.equal(await isUnhandled(failure), false);
    assert.equal(await isUnhandled(new Error('of the author')), true);
  });

  it('lets the conversations of this controller, and of no other, spawn bots of scripts', async () => {
    const bot = botIn({});
    const ours: { _controller: unknown } = { _controller: undefined };
    const others = { _controller: { spawn: () => Promise.resolve(bot) } };
    const { _controller: theirs } = others;
    const controller = {
      spawn: () => Promise.resolve(bot),
      dialogSet: {
        getDialogs: () => [ours, others, undefined],
        createContext: () => assert.fail('no dialog'),
      },
      addDialog: () => undefined,
    };
    ours._controller = controller;
    strict.guard(controller);
    assert.equal(others._controller, theirs);
    assert.notEqual(ours._controller, controller);
    failure = new Error('No picture');
    await (ours._controller as typeof controller).spawn();
    assert.equal(await send(bot), undefined, 'the message of a script gets its ID when it is sent');
  });

  it('ends a dialog whose message it has rejected, and passes on what else fails there', async () => {
    failure = new Error('No picture');
    await send(botIn({}));
    let thrown: Error = failure;
    const controller = {
      dialogSet: {
        getDialogs: () => [],
        createContext: () => Promise.resolve({ continueDialog: () => Promise.reject(thrown) }),
      },
      addDialog: () => undefined,
    };
    strict.guard(controller);
    assert.equal('trigger' in controller, false, 'what it does not have is not guarded');
    const dialog = (await controller.dialogSet.createContext()) as { continueDialog(): Promise<unknown> };
    assert.deepEqual(await dialog.continueDialog(), { status: 'complete' });
    thrown = new Error('of the author');
    await assert.rejects(dialog.continueDialog(), thrown);
  });
});
