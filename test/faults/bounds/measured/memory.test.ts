import assert from 'node:assert/strict';
import { assertAtMost, MB, show, useBounds } from '../fixture';

const ASSETS = Number(process.env.DIFFERENT_ASSETS ?? 200_000);

describe('Memory of a bot without a store', function () {
  this.timeout(240_000);
  const bounds = useBounds();

  it('does not grow with the number of different assets that it has sent (memory: 1000)', async () => {
    const bot = await bounds.start();
    const heaps = await bot.sendManyAssets(ASSETS, 4);
    show('heap after each quarter', { mb: heaps.map((bytes) => Math.round((bytes / MB) * 10) / 10) });
    const [first, , , last] = heaps;
    assert.ok(first !== undefined && last !== undefined);
    // What is kept of each of these assets would be a hundred bytes at least.
    assertAtMost('bytes of heap added for each asset', (last - first) / (0.75 * ASSETS), 20);
  });
});
