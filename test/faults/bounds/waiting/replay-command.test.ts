import assert from 'node:assert/strict';
import { RunningCli } from '../../../simulator/running-cli';
import { useFolder } from '../../../support/files/folder';
import { freePort } from '../../../support/platform/listen';

describe('messenger-platform-simulator replay', () => {
  const folder = useFolder();

  it('ends with 1 after 30 s and says what is missing if the bot never confirms its webhook', async () => {
    await folder.write('chat.json', JSON.stringify([{ from: 'user', text: 'hello' }]));
    const port = String(await freePort());
    const bot = ['node', '-e', 'setTimeout(() => {}, 200_000)'];
    const args = ['replay', 'chat.json', '--timeout', '300', '--', ...bot];
    const running = new RunningCli(args, folder.path, { PORT: port });
    try {
      assert.equal(await running.exitCode, 1);
      const expected = new RegExp(
        'The bot has not confirmed its webhook within 30 s, so it is ended\\. ' +
          `It should listen at port ${port} and answer GET with hub\\.challenge`,
      );
      assert.match(running.output, expected);
    } finally {
      running.child.kill('SIGTERM');
    }
  });
});
