import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Listening } from '../../bench/platform/counts';
import { Platform } from '../../bench/platform/platform';
import { image } from '../../src';
import { openPlainAdapter, type PlainAdapter } from '../support/bot/plain-adapter';
import { TYPESCRIPT } from '../support/processes/typescript';

/*
 * Many more assets than the memory tier holds, sent for a long time, some of them by IDs that have died. Heap, file
 * handles and warnings must not grow. Exits 0 only then.
 *
 *     tsx test/faults/soak.ts --sends 200000 --assets 20000 --memory 500
 */

const { values } = parseArgs({
  options: {
    sends: { type: 'string', default: '200000' },
    assets: { type: 'string', default: '20000' },
    memory: { type: 'string', default: '500' },
  },
});
const SENDS = Number(values.sends);
const ASSETS = Number(values.assets);
const MEMORY = Number(values.memory);

const AT_A_TIME = 32;
const SAMPLES = 20;
const PEOPLE = 1_000;

/** Of ten assets, one is a file and three are on the web; the rest are bytes. */
const FILES = ASSETS / 10;

/** One in so many sends goes by an ID that dies just before. */
const DYING = 500;

/** What the heap may grow by in the second half: in a full soak, 40 bytes with each send. */
const MOST_GROWTH = 4_000_000;

const MOST_NEW_HANDLES = 8;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

interface Sample {
  readonly sends: number;
  readonly heap: number;
  readonly handles: number;
}

async function main(): Promise<void> {
  const warnings: string[] = [];
  process.on('warning', ({ name, message }) => warnings.push(`${name}: ${message}`));
  const root = await mkdtemp(path.join(tmpdir(), 'soak-'));
  for (let number = 0; number < FILES; number++)
    await writeFile(path.join(root, `${number}.png`), `${number}`);
  const server = fork(path.join(__dirname, '../../bench/platform/server.ts'), {
    execArgv: [...TYPESCRIPT],
  });
  try {
    const { samples, plugin } = await soak(server, root);
    report(samples, await isGone(plugin), warnings);
  } finally {
    server.disconnect();
    await rm(root, { recursive: true, force: true });
  }
}

async function soak(
  server: ChildProcess,
  root: string,
): Promise<{ samples: Sample[]; plugin: WeakRef<object> }> {
  const [listening] = (await once(server, 'message')) as [Listening];
  const platform = new Platform(listening);
  const client = openPlainAdapter(listening, { root, memory: MEMORY });
  const plugin = new WeakRef(client.plugin);
  const samples = await sendAll(client, platform);

  const { messages } = await platform.counts();
  assert.equal(messages, SENDS, 'each message is delivered once');
  assert.deepEqual(client.errors.map(String), []);
  console.log(client.plugin.stats);
  await client.close();
  await platform.close();
  return { samples, plugin };
}

async function sendAll(client: PlainAdapter, platform: Platform): Promise<Sample[]> {
  const samples: Sample[] = [];
  let lastId: string | undefined;
  client.plugin.on('send', ({ attachmentId }) => {
    lastId = attachmentId;
  });
  let sent = 0;
  const sendUntil = async (end: number): Promise<void> => {
    while (sent < end) {
      // Each asset once, and then any.
      const asset = sent < ASSETS ? sent : Math.floor(Math.random() * ASSETS);
      sent += 1;
      if (sent % DYING === 0 && lastId !== undefined) await platform.kill(lastId);
      await client.send(String(sent % PEOPLE), messageOf(asset));
    }
  };
  const begun = performance.now();
  for (let sample = 1; sample <= SAMPLES; sample++) {
    const end = Math.round((SENDS * sample) / SAMPLES);
    await Promise.all(Array.from({ length: AT_A_TIME }, () => sendUntil(end)));
    const { heap, handles } = measure();
    samples.push({ sends: sent, heap, handles });
    const rate = Math.round((1_000 * sent) / (performance.now() - begun));
    console.log(`${sent} sends: heap ${inMB(heap)}, ${handles} handles, ${rate} sends/s`);
  }
  return samples;
}

function messageOf(asset: number): object {
  if (asset < FILES) return image(`${asset}.png`);
  if (asset % 10 < 3) return image(`https://example.com/${asset}.png`);
  return image(Buffer.from(`The picture number ${asset}`), { filename: 'picture.png' });
}

function measure(): Omit<Sample, 'sends'> {
  collectGarbage();
  const descriptors = '/proc/self/fd';
  const handles = existsSync(descriptors)
    ? readdirSync(descriptors).length
    : process.getActiveResourcesInfo().length;
  return { heap: process.memoryUsage().heapUsed, handles };
}

/** What is closed and still reachable, something global holds. */
async function isGone(thing: WeakRef<object>): Promise<boolean> {
  for (let turn = 0; turn < 10 && thing.deref(); turn++) {
    await new Promise(setImmediate);
    collectGarbage();
  }
  return thing.deref() === undefined;
}

/** Fails if something grows. At first the store fills, and code is compiled: the second half counts. */
function report(samples: readonly Sample[], isCollected: boolean, warnings: readonly string[]): void {
  const late = samples.slice(SAMPLES / 2);
  const growth = slopeOf(late);
  const handles = late.map((sample) => sample.handles);
  const newHandles = (handles.at(-1) ?? 0) - (handles[0] ?? 0);
  console.log(`heap: ${growth.toFixed(1)} bytes more with each send`);
  console.log(`handles: ${newHandles} more at the end than half-way`);
  console.log(`warnings: ${warnings.join('; ') || 'none'}`);
  console.log(`the plugin, once closed: ${isCollected ? 'collected' : 'still held'}`);
  assert.ok(growth * (SENDS / 2) < MOST_GROWTH, 'the heap grows');
  assert.ok(newHandles <= MOST_NEW_HANDLES, 'handles are left open');
  assert.deepEqual(warnings, []);
  assert.ok(isCollected, 'something holds the plugin');
}

/** Least squares: bytes of heap over sends. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanSends, meanHeap] = [
    mean(samples.map(({ sends }) => sends)),
    mean(samples.map(({ heap }) => heap)),
  ];
  const covariance = mean(samples.map(({ sends, heap }) => (sends - meanSends) * (heap - meanHeap)));
  return covariance / mean(samples.map(({ sends }) => (sends - meanSends) ** 2));
}

function inMB(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
