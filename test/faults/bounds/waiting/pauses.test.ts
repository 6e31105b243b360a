import assert from 'node:assert/strict';
import { ERRORS, type Rule } from '../../../support/platform/outside/rules';
import type { Sending } from '../bot';
import { assertAllArrivedOnce, assertAtMost, show, useBounds } from '../fixture';

const LIMIT = 45_000;

/** An hour's quota is used up; the platform says for how long. */
const USED_UP = {
  'x-business-use-case-usage': JSON.stringify({
    '1001': [
      {
        type: 'messenger',
        call_count: 100,
        total_cputime: 25,
        total_time: 25,
        estimated_time_to_regain_access: 5,
      },
    ],
  }),
};

describe('A page whose uploads the platform limits, on default options', function () {
  this.timeout(120_000);
  const bounds = useBounds();

  /** Different pictures, one every `gap` ms. */
  const pictures = async (
    count: number,
    { gap, first }: { gap: number; first: number },
  ): Promise<Sending[]> => {
    const sendings: Sending[] = [];
    for (let index = 0; index < count; index++) {
      const source = await bounds.write(`${first + index}.png`, 20_000);
      sendings.push({ first: first + index, source, after: index * gap });
    }
    return sendings;
  };

  it('is asked rarely while it answers 613, and every message goes in one step meanwhile', async () => {
    const bot = await bounds.start();
    await bounds.platform.follow({ call: 'upload', error: ERRORS.rateLimit });
    const { sent } = await bot.send(await pictures(80, { first: 7_001, gap: 250 }), LIMIT);
    const counts = await bounds.platform.counts();
    show('613 for 20 s', { longest: Math.max(...sent.map(({ longest }) => longest)), ...counts });
    assertAllArrivedOnce(sent, counts);
    assert.equal(counts.delivered.file, 80, 'in one step');
    assertAtMost('upload calls in 20 s', counts.calls.upload, 12);
    // While uploads pause there is nothing to wait for.
    assertAtMost('ms that the last message took', sent.at(-1)?.longest ?? Infinity, 2_000);
  });

  for (const [which, call] of [
    ['an upload', 'upload'],
    ['a send', 'send'],
  ] as const) {
    it(`is left alone after ${which} that succeeded with a usage header; sends by ID go on`, async () => {
      const bot = await bounds.start();
      const known = await bounds.write('known.png', 20_000);
      const rule: Rule = { call, headers: USED_UP, times: 1 };
      await bounds.platform.follow(rule);
      const before = await bot.send([{ first: 7_001, source: known }], LIMIT);
      const { sent } = await bot.send(
        [...(await pictures(20, { first: 7_101, gap: 100 })), { first: 7_201, people: 50, source: known }],
        LIMIT,
      );
      const counts = await bounds.platform.counts();
      show(`usage header of ${which}`, {
        longest: Math.max(...sent.map(({ longest }) => longest)),
        ...counts,
      });
      assertAllArrivedOnce([...before.sent, ...sent], counts);
      assert.deepEqual(
        { uploads: counts.calls.upload, byId: counts.delivered.id, inOneStep: counts.delivered.file },
        { uploads: 1, byId: 51, inOneStep: 20 },
      );
    });
  }
});
