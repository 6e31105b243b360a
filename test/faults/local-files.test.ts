import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { BotkitConversation, type BotkitMessage } from 'botkit';
import { AttachmentError, file, image } from '../../src';
import { useFolder } from '../support/files/folder';
import { MERE_NAMES, WAYS_OUT } from '../support/files/hostile-names';
import { inTime } from '../support/checks/waiting';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived } from '../support/platform/received';
import { readAsset } from '../support/files/assets';
import { sha256 } from '../support/checks/sha256';
import { PAGE } from '../support/platform/pages';
import type { RunningBotkit } from '../support/bot/botkit';
import { openWebhook } from '../support/platform/webhook';

const SECRET = Buffer.from('The secret that lies beside the root');

/** A FIFO or a device would hold a message up for ever. */
const TIMEOUT = 20_000;

/** Milliseconds until a link that is swapped must have been met both ways. */
const SWAPPING = 15_000;

describe('A local file outside of the root', () => {
  const platform = useSimulator();
  const folder = useFolder();

  beforeEach(async () => {
    await folder.write('cats/tom.png', readAsset('paw.png'));
    await folder.write('../secret.png', SECRET);
    await folder.write('../root-2/secret.png', SECRET);
    await symlink('../secret.png', folder.at('link.png'));
    await symlink('link.png', folder.at('link-to-link.png'));
    await symlink('..', folder.at('up'));
    await symlink(folder.at('..', 'root-2'), folder.at('cats/beside'));
    execFileSync('mkfifo', [folder.at('pipe.png')]);
  });

  /** Not one byte of it has left. */
  const assertStaysHome = (): void => {
    assert.equal(platform.sim.content(sha256(SECRET, 'hex')), undefined);
    const seen = platform.sim.assets().map((one) => one.sha256);
    assert.ok(seen.every((hash) => hash === sha256(readAsset('paw.png'), 'hex')));
  };

  const names = (): string[] => {
    const secret = folder.at('..', 'secret.png');
    const url = pathToFileURL(secret).href;
    return [
      ...WAYS_OUT,
      ...MERE_NAMES,
      ...['link.png', 'link-to-link.png', 'up/secret.png', 'cats/beside/secret.png', 'pipe.png'],
      ...['cats/tom.png/../../../secret.png', 'up/root/../secret.png', 'cats/beside/../secret.png'],
      ...['cats/tom.png\0/../../secret.png', '../secret.png\0.png', '\0'],
      ...[secret, `/${secret}`, `//localhost${secret}`, `\\\\?\\${secret}`, ` ${secret}`],
      ...[url, url.toUpperCase(), url.replace('file:', 'FiLe:'), ` ${url}`, `\t${url}\n`],
      ...[url.replace('///', '/'), url.replace('///', '//localhost/'), url.replace('///', '////')],
      ...[url.replace('secret', '%73ecret'), url.replace('/secret', '%2fsecret')],
      ...[`${url}?.png`, `${url}#.png`, `file:../secret.png`, 'file:secret.png', 'file:'],
      ...[`${pathToFileURL(folder.path).href}/../secret.png`],
      ...[`${pathToFileURL(folder.path).href}/%2e%2e/secret.png`],
      ...['file:///proc/self/environ', 'file:///dev/zero', 'blob:nodedata:1'],
    ];
  };

  /** A bot that shows to users the file that they name. */
  const openBot = async (): Promise<RunningBotkit> => {
    const webhook = platform.closeAfterTest(await openWebhook());
    platform.sim.setWebhook(webhook.url);
    const botkit = await platform.openBotkit({
      root: folder.path,
      configuration: { webserver: webhook.webserver },
    });
    const { controller } = botkit;
    const script = new BotkitConversation('show', controller);
    script.say(file('{{{vars.typed}}}'));
    script.say('There you are');
    controller.addDialog(script);
    controller.on('message', async (bot, message: BotkitMessage) => {
      await bot.beginDialog('show', { typed: message.text });
    });
    return botkit;
  };

  it('does not leave by whatever a user types into a script, and the script goes on', async () => {
    const { sim } = platform;
    const botkit = await openBot();
    let said = 0;
    for (const text of names()) {
      const refused = botkit.errors.length;
      await inTime(JSON.stringify(text), sim.say({ page: PAGE.id, user: '7001', text }), TIMEOUT);
      said += 1;
      assert.equal(arrived(sim).length, said, `the script goes on after ${JSON.stringify(text)}`);
      assert.equal(botkit.errors.length, refused + 1, `${JSON.stringify(text)} is refused`);
      assertStaysHome();
    }
    assert.ok(arrived(sim).every(({ attachments }) => attachments.length === 0));
    await sim.say({ page: PAGE.id, user: '7001', text: 'cats/tom.png' });
    assert.equal(arrived(sim).length, said + 2, 'a name inside works');
  });

  it('does not leave in a media template, by the plain API, or where bytes belong', async () => {
    const client = platform.openPlainAdapter({ root: folder.path });
    for (const url of names()) {
      const element = { media_type: 'image', url };
      const payload = { template_type: 'media', elements: [element] };
      for (const attachment of [
        { type: 'template', payload },
        { type: 'image', payload: { url, is_reusable: false } },
        { type: 'image', payload: { filedata: url } },
      ]) {
        const sending = client.send('7001', { attachment });
        await inTime(JSON.stringify(attachment), assert.rejects(sending), TIMEOUT);
      }
    }
    assertStaysHome();
    assert.deepEqual(arrived(platform.sim), []);
  });

  const liars: Record<string, () => unknown> = {
    'an object with a toString': () => ({ toString: () => '../secret.png' }),
    'an object whose toString changes its mind': () => {
      const answers = ['cats/tom.png', '../secret.png'];
      return { toString: () => answers.shift() ?? '../secret.png' };
    },
    'an object that becomes a string': () => ({ [Symbol.toPrimitive]: () => '../secret.png' }),
    'a String': () => new String('../secret.png'),
    'a list': () => ['../secret.png'],
    'a URL with an href of its own': () =>
      Object.defineProperty(new URL('file:///cats/tom.png'), 'href', { value: '../secret.png' }),
    'a URL whose href changes its mind': () => {
      const answers = [pathToFileURL(folder.at('cats/tom.png')).href];
      return Object.defineProperty(new URL('file:///'), 'href', {
        get: () => answers.shift() ?? pathToFileURL(folder.at('..', 'secret.png')).href,
      });
    },
  };

  for (const [what, write] of Object.entries(liars)) {
    it(`does not leave by ${what}`, async () => {
      const client = platform.openPlainAdapter({ root: folder.path });
      const attachment = { type: 'image', payload: { url: write() } };
      await client.send('7001', { attachment }).catch((error: unknown) => {
        assert.ok(error instanceof AttachmentError);
      });
      assertStaysHome();
    });
  }

  it('does not leave by a `url` that is another each time it is read', async () => {
    const client = platform.openPlainAdapter({ root: folder.path });
    const answers = ['cats/tom.png', 'cats/tom.png', 'cats/tom.png'];
    for (let honest = 0; honest <= answers.length; honest++) {
      const left = answers.slice(0, honest);
      const payload = Object.defineProperty({}, 'url', {
        enumerable: true,
        get: () => left.shift() ?? '../secret.png',
      });
      await client.send('7001', { attachment: { type: 'image', payload } }).catch(() => undefined);
    }
    assertStaysHome();
  });

  for (const [what, name] of [
    ['a link that takes the file’s place again and again', 'swap.png'],
    ['a link that takes the folder’s place again and again', 'swap/secret.png'],
  ] as const) {
    it(`does not leave by ${what}`, async () => {
      await folder.write('inside/secret.png', readAsset('paw.png'));
      const [inside, outside, swapped] =
        name === 'swap.png'
          ? ['inside/secret.png', '../secret.png', 'swap.png']
          : ['inside', '../root-2', 'swap'];
      const swapper = new Worker(SWAP, {
        eval: true,
        workerData: { inside: folder.at(inside), outside: folder.at(outside), swapped: folder.at(swapped) },
      });
      const client = platform.openPlainAdapter({ root: folder.path });
      try {
        const wasBoth = (): boolean => arrived(platform.sim).length > 0 && client.errors.length > 0;
        const end = performance.now() + SWAPPING;
        for (let sent = 0; sent < 400 || (!wasBoth() && performance.now() < end); sent++) {
          await client.send('7001', image(name)).catch((error: unknown) => {
            assert.ok(error instanceof AttachmentError, String(error));
          });
        }
      } finally {
        await swapper.terminate();
      }
      assertStaysHome();
      assert.ok(arrived(platform.sim).length > 0, 'it was inside at times');
      assert.ok(client.errors.length > 0, 'it led out at times');
    });
  }
});

/** Lets a name lead inside and outside in turns, without a moment in which it is not there. */
const SWAP = `
  const { renameSync, symlinkSync } = require('node:fs');
  const { inside, outside, swapped } = require('node:worker_threads').workerData;
  for (;;) {
    for (const target of [inside, outside]) {
      symlinkSync(target, swapped + '.next');
      renameSync(swapped + '.next', swapped);
    }
  }
`;
