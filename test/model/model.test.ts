import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Agent, type Dispatcher } from 'undici';
import type { Simulator } from 'messenger-platform-simulator';
import { useFolder } from '../support/files/folder';
import { watchProcess } from '../support/checks/process-problems';
import { assertIdsMatchContent } from '../support/checks/ids-match-content';
import { useSimulator } from '../support/bot/use-simulator';
import { readAsset } from '../support/files/assets';
import { openWebsite } from '../support/platform/website';
import { commands, newModel, type Model } from './commands';
import { ASSETS, PAGES, UPLOAD_WAIT, World } from './world';

const RUNS = Number(process.env.RUNS ?? 2_500);
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);

/** A machine that is busy gets through fewer runs, and says so. */
const TIME_LIMIT = 1_000 * Number(process.env.SECONDS ?? 300);

/** Instead of the 90 s of our own dispatcher. */
const ANSWER_TIMEOUT = 2 * UPLOAD_WAIT;

describe('Whatever happens', function () {
  this.timeout(2 * TIME_LIMIT);
  const platform = useSimulator();
  const folder = useFolder();

  it('each message arrives once with the right content, or is reported once', async () => {
    const { sim } = platform;
    const website = platform.closeAfterTest(await openWebsite());
    const setup = {
      sim,
      dispatcher: withoutTls(platform.closeAfterTest(new Agent({ headersTimeout: ANSWER_TIMEOUT })), sim),
      root: folder.path,
      web: { url: `${website.url}/paw.png`, content: readAsset('paw.png') },
    };
    let runs = 0;
    const property = fc.asyncProperty(fc.commands([...commands], { maxCommands: 14 }), async (sequence) => {
      const world = await World.open(setup);
      const model = newModel();
      try {
        await fc.asyncModelRun(() => ({ model, real: world }), sequence);
        await assertAllIsWell(world, model);
        runs += 1;
      } finally {
        await world.close();
      }
    });
    const watched = watchProcess();
    try {
      await fc.assert(property, { numRuns: RUNS, seed: SEED, interruptAfterTimeLimit: TIME_LIMIT });
    } finally {
      console.log(`      ${runs} runs, seed ${SEED} (SEED=${SEED} plays them again)`);
      assert.deepEqual(await watched.stop(), [], 'nothing ends the process');
    }
  });
});

/** Shaking hands anew after each cut connection would take most of the time. */
function withoutTls(agent: Agent, { httpUrl }: Simulator): Dispatcher {
  return agent.compose(
    (dispatch) => (options, handler) => dispatch({ ...options, origin: httpUrl }, handler),
  );
}

/** In the end, each asset can be sent for each page, and every ID in the store stands for what its key says. */
async function assertAllIsWell(world: World, model: Model): Promise<void> {
  await world.heal();
  Object.assign(model, { uploads: 'work', sends: 'work', store: 'works' });
  for (const page of PAGES) {
    for (const [at, asset] of ASSETS.entries()) {
      const { error, arrived } = await world.send({
        process: at % 2 === 0 ? 0 : 1,
        page,
        asset,
        isTemplate: false,
      });
      assert.equal(error, undefined);
      assert.equal(arrived, 1);
    }
  }
  await world.settle();
  assertIdsMatchContent(world.sim, world.store);
}
