/**
 * What would be published: packs both packages, has them examined, measures what they bring along, and uses them as
 * their users would: in fresh bots, in the example bot outside of the repository, and by npx.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSimulator } from 'messenger-platform-simulator';
import { CheckReport } from '../support/processes/check-report';
import { BOT_GROUPS, createBot, installForBots, PAGE, sendPicture } from './bots';
import { askForPicture, copyExampleBot } from './example-bot';
import {
  checkFiles,
  checkSize,
  checkTypesAlone,
  installAlone,
  lintPackage,
  lintTypes,
  loadAlone,
  pack,
  type Packed,
} from './packed';
import { PLUGIN, SIMULATOR, type PublishedPackage } from './packages';
import {
  askForHelp,
  chatWithBot,
  checkNoBuildTools,
  followDockerfile,
  measureStart,
  openSimulator,
  startFromInit,
} from './simulator';

const report = new CheckReport();

async function main(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'check-package-'));
  try {
    const plugin = await packAndExamine(PLUGIN, folder);
    const simulator = await packAndExamine(SIMULATOR, folder);
    const alone = aloneFolder(SIMULATOR, folder);
    await report.check('npx messenger-platform-simulator --help', () => askForHelp(alone));
    await report.check('the simulator starts', (note) => openSimulator(process.execPath, alone, note));
    await report.check('the simulator starts fast', (note) => measureStart(alone, note));
    await report.check('the simulator and a bot, by one command', (note) =>
      chatWithBot(process.execPath, alone, note),
    );
    await report.check('the simulator starts from what init writes', () => startFromInit(alone));
    await report.check('the simulator brings no compiler and no bundler', () => checkNoBuildTools(alone));
    if (simulator) {
      await report.check('the steps of the Dockerfile, in an empty folder', () =>
        followDockerfile(simulator, alone, folder),
      );
    }
    if (plugin && simulator) await tryExampleBot([plugin.tarball, simulator.tarball], folder);
    if (plugin) await tryBots(plugin.tarball, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  process.exitCode = report.end();
}

/** Undefined, if it cannot be packed. */
async function packAndExamine(published: PublishedPackage, folder: string): Promise<Packed | undefined> {
  const check = <T>(name: string, work: Parameters<typeof report.check<T>>[1]) =>
    report.check(`${published.name}: ${name}`, work);
  const packed = await check('npm pack', () => pack(published, folder));
  if (!packed) return undefined;
  await check('size', (note) => {
    checkSize(packed, note);
  });
  await check('files', (note) => {
    checkFiles(packed, note);
  });
  await check('publint', () => lintPackage(packed.tarball));
  await check('are the types wrong?', () => lintTypes(packed.tarball));
  const alone = aloneFolder(published, folder);
  await mkdir(alone);
  await check('what it brings along', (note) => installAlone(packed, alone, note));
  await check('it loads by itself', (note) => loadAlone(published, alone, note));
  await check('its types hold without skipLibCheck', () => checkTypesAlone(published, alone));
  return packed;
}

/** Where a package is installed by itself. */
function aloneFolder({ name }: PublishedPackage, folder: string): string {
  return path.join(folder, `alone-${name}`);
}

async function tryExampleBot(tarballs: readonly string[], folder: string): Promise<void> {
  const copy = path.join(folder, 'example-bot');
  await report.check('the example bot, copied: it installs', () => copyExampleBot(copy, tarballs));
  await report.check('the example bot, copied: it sends a picture', (note) => askForPicture(copy, note));
}

async function tryBots(tarball: string, folder: string): Promise<void> {
  const sim = await startSimulator({ pages: [PAGE] });
  try {
    await Promise.all(
      BOT_GROUPS.map(async ({ dependencies, kinds }, group) => {
        const bots = path.join(folder, `bots-${group}`);
        const names = kinds.map(({ name }) => name).join(', ');
        await report.check(`bots: ${names}: their packages`, () =>
          installForBots(dependencies, tarball, bots),
        );
        for (const [index, kind] of kinds.entries()) {
          await report.check(`bot: ${kind.name}`, async (note) => {
            const own = path.join(bots, `bot-${index}`);
            await createBot(kind, own);
            await sendPicture(sim, { folder: own, user: `700${group}${index}`, note });
          });
        }
      }),
    );
  } finally {
    await sim.close();
  }
}

void main();
