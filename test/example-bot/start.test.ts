import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { run, temporaryFolder } from './support';

const BOT = ['example-bot/bot.ts'];

describe('the example bot, started on its own', function () {
  this.timeout(60_000);

  let dataFolder: string;
  before(async () => {
    dataFolder = await temporaryFolder();
  });
  after(() => rm(dataFolder, { recursive: true }));

  it('says that it talks to a simulator, answers there, and ends when it is told to', async () => {
    let answer: Promise<string> | undefined;
    const { code, stdout, stderr } = await run(BOT, { PORT: '0', DATA_FOLDER: dataFolder }, (output, end) => {
      const [, address, body] = /curl (\S+\/_sim\/say) -d '(.*)'\n[^]*\n\n/.exec(output) ?? [];
      if (address === undefined || answer) return;
      answer = fetch(address, { method: 'POST', body: body ?? '' }).then((response) => response.text());
      void answer.finally(end);
    });
    assert.match(stdout, /FACEBOOK_ACCESS_TOKEN is not set: nothing goes to Facebook, a simulator/);
    assert.match((await answer) ?? 'nothing was said', /"delivered":true,"status":200/);
    assert.equal(stderr, '');
    assert.equal(code, 0);
  });

  it('says which host it talks to when a page is set up', async () => {
    const environment = {
      FACEBOOK_ACCESS_TOKEN: 'token',
      FACEBOOK_APP_SECRET: 'secret',
      FACEBOOK_VERIFY_TOKEN: 'verify',
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_FOLDER: dataFolder,
    };
    const { code, stdout } = await run(BOT, environment, (output, end) => {
      if (output.includes('\n')) end();
    });
    assert.match(
      stdout,
      /^The bot listens at http:\/\/127\.0\.0\.1:\d+\/api\/messages and sends through graph\.facebook\.com\.\n$/,
    );
    assert.equal(code, 0);
  });

  it('does not start with half a configuration, and says what is missing', async () => {
    const { code, stdout, stderr } = await run(BOT, { FACEBOOK_ACCESS_TOKEN: 'token', PORT: 'x' });
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.deepEqual(
      stderr.split('\n').map((line) => /^ {2}Expected (\w+)/.exec(line)?.[1] ?? line),
      ['The bot cannot start like this:', 'PORT', 'FACEBOOK_APP_SECRET', 'FACEBOOK_VERIFY_TOKEN', ''],
    );
  });
});
