import assert from 'node:assert/strict';
import path from 'node:path';
import { type Simulator, startSimulator } from 'messenger-platform-simulator';
import { sha256 } from '../support/checks/sha256';
import { ASSETS, readAsset } from '../support/files/assets';
import { openWebsite, type Website } from '../support/platform/website';
import { PAGE, received, USER } from '../simulator/support';
import { BUTTON, STEP_NAMES, type StepName, TEXT } from './client';
import { CLIENTS } from './clients';
import { RunningClient } from './running-client';

const PICTURE = 'paw.png';
const FILE = path.join(ASSETS, PICTURE);
const DIGEST = sha256(readAsset(PICTURE), 'hex');

/** What a step needs, and how what came of it can be seen. */
interface Platform {
  readonly sim: Simulator;
  readonly client: RunningClient;
  /** Address of the picture. */
  readonly url: string;
}

const isSaved = ({ sim }: Platform, id: unknown) => {
  const [asset, ...others] = sim.assets();
  assert.deepEqual([asset?.id, asset?.sha256, asset?.via, others], [id, DIGEST, 'upload', []]);
};
const hasArrived = ({ sim }: Platform) => {
  const [message, ...others] = received(sim);
  assert.deepEqual([message?.attachments.map((attachment) => attachment.sha256), others], [[DIGEST], []]);
};

const STEPS: Record<StepName, [promise: string, check: (platform: Platform) => Promise<void>]> = {
  uploadFromUrl: [
    'uploads from an address',
    async (platform) => {
      isSaved(platform, await platform.client.take('uploadFromUrl', platform.url));
    },
  ],
  uploadFromFile: [
    'uploads from a file',
    async (platform) => {
      isSaved(platform, await platform.client.take('uploadFromFile', FILE));
    },
  ],
  sendById: [
    'sends by an ID',
    async ({ sim, client, url }) => {
      const id = await client.take('uploadFromUrl', url);
      assert.equal(typeof id, 'string');
      await client.take('sendById', USER, String(id));
      assert.deepEqual(
        received(sim).map(({ attachments: [attachment] }) => attachment?.attachmentId),
        [id],
      );
    },
  ],
  sendFromUrl: [
    'sends from an address in one step',
    async (platform) => {
      await platform.client.take('sendFromUrl', USER, platform.url);
      hasArrived(platform);
    },
  ],
  sendFromFile: [
    'sends from a file in one step',
    async (platform) => {
      await platform.client.take('sendFromFile', USER, FILE);
      hasArrived(platform);
    },
  ],
  sendTemplate: [
    'sends a template',
    async ({ sim, client }) => {
      await client.take('sendTemplate', USER);
      assert.deepEqual(
        received(sim).map(({ template }) => template),
        [{ template_type: 'button', text: TEXT, buttons: [BUTTON] }],
      );
    },
  ],
  startTyping: [
    'shows that it types',
    async ({ sim, client }) => {
      await client.take('startTyping', USER);
      assert.equal(sim.thread(PAGE.id, USER).typing, true);
    },
  ],
};

/** Clients that know no host but graph.facebook.com, which is the simulator for them. */
for (const one of CLIENTS) {
  describe(`${one.name}, a client of others,`, function () {
    this.timeout(60_000);
    let sim: Simulator;
    let website: Website;
    let client: RunningClient;

    before(async () => {
      sim = await startSimulator({ pages: [PAGE], allowHosts: ['graph.facebook.com'], windows: 'open' });
      website = await openWebsite();
      client = await RunningClient.start(one, PAGE, sim);
    });
    beforeEach(() => {
      sim.reset();
    });
    after(async () => {
      await client.close();
      await website.close();
      await sim.close();
    });

    for (const step of STEP_NAMES) {
      const [promise, check] = STEPS[step];
      const platform = () => ({ sim, client, url: `${website.url}/${PICTURE}` });
      if (one.cannot?.[step] !== undefined) continue;
      if (!one.sendsNoBody?.includes(step)) {
        it(promise, () => check(platform()));
        continue;
      }
      it(`sends no body if there is a file, and fails where another client ${promise}`, async () => {
        await assert.rejects(check(platform()));
        assert.deepEqual(
          sim.calls().map(({ bytes, code }) => ({ bytes, code })),
          [{ bytes: 0, code: 100 }],
        );
      });
    }
  });
}
