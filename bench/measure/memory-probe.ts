import '../no-source-maps';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { FormData } from 'undici';
import { BIG_FILES } from '../assets';
import { pluginClient, rawUndici } from '../contenders';
import type { Scene } from '../row';

const MB = 1024 * 1024;

/** Tells how many MB eight uploads at once take beyond what the idle process has. */
async function main([way, settings = '']: readonly string[]): Promise<void> {
  const scene = JSON.parse(settings) as Scene;
  const uploadAll = way === 'plugin' ? await streamAll(scene) : readAll(scene);
  await wait(200);
  globalThis.gc?.();
  const idle = process.memoryUsage.rss();
  let highest = idle;
  const timer = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage.rss());
  }, 2);
  await uploadAll();
  clearInterval(timer);
  process.send?.((highest - idle) / MB, () => process.exit());
}

async function streamAll(scene: Scene): Promise<() => Promise<unknown>> {
  const { plugin } = await pluginClient(scene, { uploads: { concurrency: BIG_FILES.length } });
  return () => plugin.warm(BIG_FILES, { concurrency: BIG_FILES.length });
}

/** As one would without much thought. */
function readAll(scene: Scene): () => Promise<unknown> {
  const raw = rawUndici(scene);
  return () =>
    Promise.all(
      BIG_FILES.map(async (name) => {
        const form = new FormData();
        form.append(
          'message',
          JSON.stringify({ attachment: { type: 'video', payload: { is_reusable: true } } }),
        );
        form.append('filedata', new Blob([await readFile(path.join(scene.assets, name))]), name);
        return raw.post('/me/message_attachments', form);
      }),
    );
}

void main(process.argv.slice(2));
