/**
 * The Node versions that are supported: the unit tests pass on each, a bot with the plugin as it is published
 * sends a picture, from CommonJS and from an ES module, and the simulator as it is published starts.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSimulator } from 'messenger-platform-simulator';
import { PAGE, sendPicture } from '../package/bots';
import { chatWithBot, openSimulator } from '../package/simulator';
import { CheckReport } from '../support/processes/check-report';
import { createBuiltBot } from './built-bot';
import { installNodeVersions, NODE_VERSIONS } from './node-versions';
import { runUnitTests } from './unit-tests';

async function main(): Promise<void> {
  const report = new CheckReport();
  const isReady = await report.check('the Node versions, from npm', async (note) => {
    note((await installNodeVersions()) ? 'installed' : 'installed before');
    return true;
  });
  if (isReady) await runAll(report);
  process.exitCode = report.end();
}

async function runAll(report: CheckReport): Promise<void> {
  const sim = await startSimulator({ pages: [PAGE] });
  const folder = await mkdtemp(path.join(tmpdir(), 'node-matrix-'));
  try {
    const bots = await report.check('pack and install', () => createBuiltBot(folder));
    for (const [index, version] of NODE_VERSIONS.entries()) {
      await report.check(`Node ${version.name}: unit tests`, (note) => runUnitTests(version, note));
      for (const [kind, bot] of (bots ?? []).entries()) {
        await report.check(`Node ${version.name}: ${bot} sends a picture`, (note) =>
          sendPicture(sim, { folder, node: version.node, bot, user: `7${kind}0${index}`, note }),
        );
      }
      if (!bots) continue;
      await report.check(`Node ${version.name}: the simulator starts`, (note) =>
        openSimulator(version.node, folder, note),
      );
      await report.check(`Node ${version.name}: the simulator and a bot, by one command`, (note) =>
        chatWithBot(version.node, folder, note),
      );
    }
  } finally {
    await sim.close();
    await rm(folder, { recursive: true, force: true });
  }
}

void main();
