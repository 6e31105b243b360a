#!/usr/bin/env node
import { writeFile } from 'node:fs/promises';
import { readArguments, type Settings, USAGE } from './arguments';
import { InputError } from './base/check';
import { type Simulator, type SimulatorOptions, startSimulator } from './index';
import { DEMO_PAGE } from './platform/model';

void main(process.argv.slice(2));

async function main(args: string[]): Promise<void> {
  try {
    const settings = readArguments(args);
    if (settings === 'help') {
      console.log(USAGE);
      return;
    }
    await run(settings);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    if (!(error instanceof InputError)) {
      process.exitCode = 1;
      return;
    }
    console.error(`\n${USAGE}`);
    process.exitCode = 2;
  }
}

async function run({ options, verify, caFile }: Settings): Promise<void> {
  const simulator = await startSimulator(options);
  const close = () => void simulator.close();
  process.once('SIGINT', close).once('SIGTERM', close);
  try {
    if (caFile !== undefined) await writeFile(caFile, simulator.ca);
  } catch (error) {
    await simulator.close();
    throw error;
  }
  console.log(greeting(simulator, options, caFile));
  if (!verify) return;
  const { delivered, error = '' } = await simulator.verifyWebhook();
  console.log(delivered ? 'The bot has confirmed its webhook.' : `The webhook is not confirmed: ${error}`);
}

function greeting(simulator: Simulator, { pages }: SimulatorOptions, caFile?: string): string {
  const { url, httpUrl, host } = simulator;
  const ids = simulator
    .state()
    .pages.map(({ id, hasSecret }) => (hasSecret ? `${id} (with an app secret)` : id));
  const demo = pages ? [] : [`Its token      ${DEMO_PAGE.token}`];
  const trust =
    caFile === undefined
      ? 'start again with --ca-file ca.pem'
      : `NODE_EXTRA_CA_CERTS=${caFile} for Node, --cacert ${caFile} for curl`;
  return [
    'The Messenger Platform is simulated at',
    `UI             ${httpUrl}`,
    `Graph API      ${url} and ${httpUrl}`,
    `For Botkit     api_host: '${host}'`,
    `To trust it    ${trust}`,
    `Control API    ${httpUrl}/_sim/state`,
    `Pages          ${ids.join(', ')}`,
    ...demo,
  ].join('\n');
}
