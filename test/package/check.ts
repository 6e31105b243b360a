/**
 * What would be published: packs it, has it examined, measures what it brings along, and sends a picture from four
 * fresh bots that have it installed as their authors would.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSimulator, type Simulator } from 'messenger-platform-simulator';
import { CheckReport } from '../support/processes/check-report';
import { BOT_KINDS, createBot, PAGE, sendPicture, type BotKind } from './bots';
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

const report = new CheckReport();

async function main(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'check-package-'));
  try {
    const packed = await report.check('npm pack', () => pack(folder));
    if (packed) await examine(packed, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  process.exitCode = report.end();
}

async function examine(packed: Packed, folder: string): Promise<void> {
  const { tarball } = packed;
  await report.check('size', (note) => {
    checkSize(packed, note);
  });
  await report.check('files', (note) => {
    checkFiles(packed, note);
  });
  await report.check('publint', () => lintPackage(tarball));
  await report.check('are the types wrong?', () => lintTypes(tarball));
  const alone = path.join(folder, 'alone');
  await mkdir(alone);
  await report.check('what it brings along', (note) => installAlone(tarball, alone, note));
  await report.check('it loads without Botkit', (note) => loadAlone(alone, note));
  await report.check('its types hold without skipLibCheck', () => checkTypesAlone(alone));
  const sim = await startSimulator({ pages: [PAGE] });
  try {
    // Two at a time.
    const kinds = [...BOT_KINDS.entries()];
    const next = async (): Promise<void> => {
      for (let kind = kinds.shift(); kind; kind = kinds.shift()) {
        await tryBot(sim, tarball, path.join(folder, `bot-${kind[0]}`), ...kind);
      }
    };
    await Promise.all([next(), next()]);
  } finally {
    await sim.close();
  }
}

async function tryBot(
  sim: Simulator,
  tarball: string,
  folder: string,
  index: number,
  kind: BotKind,
): Promise<void> {
  await report.check(`bot: ${kind.name}`, async (note) => {
    await createBot(kind, tarball, folder);
    await sendPicture(sim, { folder, user: `700${index}`, note });
  });
}

void main();
