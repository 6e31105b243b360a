import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, readFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../support/processes/command';
import type { Note } from '../support/processes/check-report';
import { install } from './packed';
import { withProgram } from './program';

const SOURCE = path.join(__dirname, '../../example-bot');

/** What the repository has, and no more. */
const IS_LEFT_OUT = /[\\/](node_modules|\.data)$/;

/** Copies the example bot out of the repository, and installs it there with the packed plugin and simulator. */
export async function copyExampleBot(folder: string, tarballs: readonly string[]): Promise<void> {
  await cp(SOURCE, folder, { recursive: true, filter: (from) => !IS_LEFT_OUT.test(from) });
  const setting = ['pkg', 'set', '--json', 'allowScripts.botbuilder-dialogs=false'];
  await runCommand('npm', setting, { cwd: folder, timeout: 60_000 });
  await install(folder, tarballs);
}

/** Someone asks the copied bot for a picture, and gets it by a saved ID. */
export async function askForPicture(folder: string, note: Note): Promise<void> {
  const env = {
    PORT: '0',
    DATA_FOLDER: path.join(folder, 'data'),
    FACEBOOK_ACCESS_TOKEN: '',
    FACEBOOK_PAGES: '',
  };
  const args = ['--import', 'tsx', 'bot.ts'];
  await withProgram(args, { cwd: folder, env }, /curl (\S+)\/say -d '(.*)'\n[^]*\n\n/, async (match) => {
    const [, control = '', body = ''] = match;
    const { page, user } = JSON.parse(body) as { page: string; user: string };
    const said = await fetch(`${control}/say`, { method: 'POST', body });
    assert.equal(((await said.json()) as { delivered: boolean }).delivered, true);
    const thread = await fetch(`${control}/threads/${page}/${user}`);
    const { messages } = (await thread.json()) as { messages: Message[] };
    const arrived = messages.filter(({ from }) => from === 'page').flatMap(({ attachments }) => attachments);
    const [picture, ...more] = arrived;
    assert.ok(picture?.attachmentId, `no picture came by an ID: ${JSON.stringify(messages)}`);
    assert.deepEqual(more, []);
    const sha256 = createHash('sha256')
      .update(await readFile(path.join(folder, 'assets/cats/tom.jpg')))
      .digest('hex');
    assert.equal(picture.sha256, sha256);
    note(`arrived once, sha256 ${sha256.slice(0, 12)}…`);
  });
}

/** The part of a message in the simulator's control API that is used. */
interface Message {
  readonly from: 'page' | 'user';
  readonly attachments: readonly { readonly attachmentId?: string; readonly sha256: string }[];
}
