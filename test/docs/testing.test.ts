import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from 'messenger-platform-simulator';
import { text, useSmallBot } from '../simulator/small-bot';
import { blocksOfMarkdown } from './blocks';
import { runFragment } from './run-fragment';

const PAGE = { id: '1001', token: 'a-token' };

describe('the examples of docs/testing.md run, with a bot that sends cats:', () => {
  /** The bot sends to the one that was started last. */
  const simulators: Simulator[] = [];
  const start: typeof startSimulator = async (options) => {
    const simulator = await startSimulator(options);
    simulators.push(simulator);
    return simulator;
  };
  const simulator = () => simulators.at(-1) ?? assert.fail('no simulator is there');
  beforeEach(async () => {
    await start({ pages: [PAGE] });
  });
  const bot = useSmallBot(simulator, PAGE.token);
  afterEach(async () => {
    await Promise.all(simulators.splice(0).map((each) => each.close()));
  });

  for (const { line, text: example } of blocksOfMarkdown('docs/testing.md')) {
    it(`line ${line}`, async () => {
      bot().onEvent = async ({ message }, send) => {
        if (message?.quick_reply) {
          const url = `${simulator().httpUrl}/_sim/ui/icon.svg`;
          await send({ message: { attachment: { type: 'image', payload: { url } } } });
        } else if (message?.text === 'two cats') {
          for (const cat of ['Tom', 'Mia']) await send(text(cat));
        } else if (message?.text === 'cat') {
          const replies = [{ content_type: 'text', title: 'Another one', payload: 'MORE' }];
          await send({ message: { text: 'Tom', quick_replies: replies } });
        }
      };
      const printed: unknown[] = [];
      const console = { log: (...values: unknown[]) => void printed.push(...values) };
      const { url: webhook } = simulator().state().webhook ?? assert.fail('no webhook is set');
      await runFragment(example, `docs/testing.md:${line}`, {
        startSimulator: start,
        simulator: simulator(),
        webhook,
        console,
      });
      assert.equal(printed.includes(undefined), false);
    });
  }
});
