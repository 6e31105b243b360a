import assert from 'node:assert/strict';
import path from 'node:path';
import { runCommand } from '../support/processes/command';
import type { Note } from '../support/processes/check-report';
import { SIMULATOR } from './packages';
import { withProgram } from './program';

/** `npx` finds the program of the installed package. */
export async function askForHelp(folder: string): Promise<void> {
  const { stdout } = await runCommand('npx', ['--no-install', SIMULATOR.name, '--help'], {
    cwd: folder,
    timeout: 60_000,
  });
  assert.match(stdout, /^Usage: messenger-platform-simulator /);
  assert.match(stdout, /--http-port/);
}

/** Starts the installed simulator, opens its UI as a browser would, and calls the Graph API. */
export async function openSimulator(node: string, folder: string, note?: Note): Promise<void> {
  const cli = path.join(folder, 'node_modules', SIMULATOR.name, 'dist/cli.js');
  const args = [cli, '--port', '0', '--http-port', '0', '--page', '1001:a-token'];
  await withProgram(args, { node, cwd: folder }, /and (http:\S+)/, async ([, url = '']) => {
    const page = await get(`${url}/`, 'text/html');
    const parts = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = '']) => link);
    assert.deepEqual(parts.map((link) => path.extname(link)).sort(), ['.css', '.js', '.svg']);
    for (const link of parts) assert.ok((await get(new URL(link, url).href)).length > 100, link);
    const me = await get(`${url}/v25.0/me?access_token=a-token`, 'application/json');
    assert.equal((JSON.parse(me) as { id: string }).id, '1001');
    note?.(`the UI with ${parts.length} files, and the Graph API`);
  });
}

async function get(url: string, type = ''): Promise<string> {
  const response = await fetch(url);
  assert.equal(response.status, 200, url);
  assert.ok(response.headers.get('content-type')?.startsWith(type), url);
  return response.text();
}
