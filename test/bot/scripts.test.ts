import assert from 'node:assert/strict';
import { MemoryStorage, type StoreItems } from 'botbuilder';
import { BotkitConversation } from 'botkit';
import { AttachmentError, image } from '../../src';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived, calls, onlyArrival, callCounts } from '../support/platform/received';
import { readAsset } from '../support/files/assets';
import { PAGE } from '../support/platform/pages';
import type { RunningBotkit, RunningBotkitOptions } from '../support/bot/botkit';
import { openWebhook } from '../support/platform/webhook';

const USER = '7001';

/** The pictures' names and the texts that the user sees, in order. */
function seen({ sim }: RunningBotkit): (string | undefined)[] {
  return arrived(sim, USER).map(({ text, attachments }) => attachments[0]?.name ?? text);
}

describe('in a conversation script', () => {
  const platform = useSimulator();

  /** A bot that begins the conversation when it hears "begin", and another on top of it for "help". */
  async function openBot(
    write: (conversation: BotkitConversation) => void,
    { vars = {}, ...options }: RunningBotkitOptions & { vars?: object } = {},
  ): Promise<RunningBotkit> {
    const webhook = platform.closeAfterTest(await openWebhook());
    platform.sim.setWebhook(webhook.url);
    const { configuration } = options;
    const botkit = await platform.openBotkit({
      ...options,
      configuration: { ...configuration, webserver: webhook.webserver },
    });
    const { controller } = botkit;
    const conversation = new BotkitConversation('the script', controller);
    write(conversation);
    controller.addDialog(conversation);
    controller.addDialog(new BotkitConversation('help', controller).say('Just say a name'));
    controller.hears('begin', 'message', (bot) => bot.beginDialog('the script', vars));
    controller.interrupts('help', 'message', (bot) => bot.beginDialog('help'));
    return botkit;
  }

  async function say(text: string): Promise<void> {
    const { status } = await platform.sim.say({ page: PAGE.id, user: USER, text });
    assert.equal(status, 200);
  }

  const askByPicture = (conversation: BotkitConversation) => {
    conversation.ask({ attachment: image('cats/tom.jpg').attachment }, [], 'answer');
    conversation.say('You said {{vars.answer}}');
  };

  it('a path takes variables in three braces', async () => {
    const botkit = await openBot(
      (conversation) => {
        conversation.say(image('{{{vars.folder}}}/{{{vars.name}}}.jpg'));
        conversation.ask(image('{{{vars.folder}}}/mia.jpg'), [], 'answer');
      },
      { vars: { folder: './cats', name: 'tom' } },
    );
    await say('begin');
    assert.deepEqual(seen(botkit), ['tom.jpg', 'mia.jpg']);
    assert.deepEqual(botkit.consoleErrors, []);
  });

  it('a path in two braces is HTML-escaped, and the error says so', async () => {
    const botkit = await openBot(
      (conversation) => {
        conversation.say(image('{{vars.path}}')).say('The end');
      },
      { vars: { path: 'cats/tom.jpg' } },
    );
    await say('begin');
    const [error] = botkit.errors;
    assert.ok(error instanceof AttachmentError);
    assert.equal(error.code, 'ERR_ATTACHMENT_NOT_FOUND');
    assert.match(error.message, /write \{\{\{vars\.name\}\}\} with three braces/);
    assert.deepEqual(botkit.consoleErrors, [['Error sending activity to Facebook:', error]]);
    assert.deepEqual(seen(botkit), ['The end']);
  });

  it('a name that the user gives finds its file, and no file outside the root', async () => {
    const botkit = await openBot((conversation) => {
      conversation.ask('Whom do you like?', [], 'name');
      conversation.say(image('cats/{{{vars.name}}}')).say('Bye');
    });
    await say('begin');
    await say('mia.jpg');
    await say('begin');
    await say('../../../package.json');
    assert.deepEqual(seen(botkit), ['Whom do you like?', 'mia.jpg', 'Bye', 'Whom do you like?', 'Bye']);
    assert.deepEqual(
      botkit.errors.map((error) => error instanceof AttachmentError && error.code),
      ['ERR_ATTACHMENT_OUTSIDE_ROOT'],
    );
  });

  it('a Buffer arrives whole, although scripts pass through JSON', async () => {
    const botkit = await openBot((conversation) => {
      conversation.say(image(readAsset('cats/tom.jpg'), { filename: 'buffer.jpg' }));
    });
    await say('begin');
    const { attachment } = onlyArrival(platform.sim);
    assert.equal(attachment.name, 'buffer.jpg');
    assert.ok(platform.sim.content(attachment.sha256)?.bytes.equals(readAsset('cats/tom.jpg')));
    assert.deepEqual(calls(botkit.sim), ['upload-file', 'send-id']);
  });

  it('bytes that JSON would lose are refused with a hint', async () => {
    const botkit = await openBot((conversation) => {
      conversation.say(image(new Uint8Array(readAsset('paw.png')))).say('The end');
    });
    await say('begin');
    assert.match(String(botkit.errors[0]), /in a script only a Buffer, because scripts pass through JSON/);
    assert.deepEqual(seen(botkit), ['The end']);
  });

  it('a media template takes variables too', async () => {
    const elements = [{ media_type: 'image', url: 'cats/{{{vars.name}}}.jpg' }];
    const attachment = { type: 'template', payload: { template_type: 'media', elements } };
    const botkit = await openBot(
      (conversation) => {
        conversation.say({ attachment });
      },
      { vars: { name: 'mia' } },
    );
    await say('begin');
    assert.equal(onlyArrival(botkit.sim).attachment.name, 'mia.jpg');
    assert.deepEqual(botkit.consoleErrors, []);
  });

  it('quick replies stand beside a picture, and no empty text', async () => {
    const quickReplies = [{ content_type: 'text', title: 'I like {{vars.name}}', payload: 'like' }];
    const botkit = await openBot(
      (conversation) => {
        conversation.ask({ ...image('cats/tom.jpg'), quick_replies: quickReplies }, [], 'answer');
      },
      { vars: { name: 'Tom' } },
    );
    await say('begin');
    const { message } = onlyArrival(botkit.sim);
    assert.deepEqual(message.quick_replies, [{ content_type: 'text', title: 'I like Tom', payload: 'like' }]);
    assert.equal(message.text, undefined);
  });

  it('the script itself stays as its author wrote it', async () => {
    const message = image('cats/{{{vars.name}}}.jpg');
    const before = structuredClone(message);
    await openBot(
      (conversation) => {
        conversation.say(message);
      },
      { vars: { name: 'tom' } },
    );
    await say('begin');
    await say('begin');
    assert.deepEqual(message, before);
    assert.deepEqual(callCounts(platform.sim), { 'upload-file': 1, 'send-id': 2 });
  });

  it('a question is asked again from the stored dialog, by the same ID', async () => {
    const botkit = await openBot(askByPicture);
    await say('begin');
    await say('help');
    await say('Tom');
    assert.deepEqual(seen(botkit), ['tom.jpg', 'Just say a name', 'tom.jpg', 'You said Tom']);
    assert.deepEqual(callCounts(botkit.sim), { 'upload-file': 1, 'send-id': 2, 'send-text': 2 });
  });

  it('a question is asked again after a restart, and after its ID has died', async () => {
    const storage = new WatchedStorage();
    const first = await openBot(askByPicture, { configuration: { storage } });
    await say('begin');
    await platform.close(first);
    platform.sim.revokeAll();
    const second = await openBot(askByPicture, { configuration: { storage } });
    await say('help');
    await say('Mia');
    assert.deepEqual(seen(second), ['tom.jpg', 'Just say a name', 'tom.jpg', 'You said Mia']);
    assert.deepEqual([second.consoleErrors, second.errors], [[], []]);
  });

  it('a question of bytes is asked again after a restart', async () => {
    const storage = new MemoryStorage();
    const askByBytes = (conversation: BotkitConversation) => {
      const { attachment } = image(readAsset('paw.png'), { filename: 'buffer.png' });
      conversation.ask({ attachment: () => attachment }, [], 'answer');
    };
    const first = await openBot(askByBytes, { configuration: { storage } });
    await say('begin');
    await platform.close(first);
    const second = await openBot(askByBytes, { configuration: { storage } });
    await say('help');
    assert.deepEqual(seen(second), ['buffer.png', 'Just say a name', 'buffer.png']);
    assert.deepEqual([second.consoleErrors, second.errors], [[], []]);
  });

  for (const strict of [false, true]) {
    it(`the stored dialog holds JSON alone, and never an ID${strict ? ', in strict mode too' : ''}`, async () => {
      const storage = new WatchedStorage();
      const botkit = await openBot(askByPicture, { strict, configuration: { storage } });
      await say('begin');
      await say('help');
      assert.equal(arrived(botkit.sim).length, 3);
      const [{ id } = assert.fail('nothing was saved')] = botkit.sim.assets();
      const stored = JSON.stringify(storage.written);
      assert.match(stored, /"url":"cats\/tom\.jpg"/);
      assert.ok(!stored.includes(id) && !stored.includes('attachment_id'), stored);
    });
  }
});

/** Keeps what it was given, and takes nothing that is not JSON. */
class WatchedStorage extends MemoryStorage {
  readonly written: unknown[] = [];

  override async write(changes: StoreItems): Promise<void> {
    checkJson(changes);
    this.written.push(JSON.parse(JSON.stringify(changes)));
    await super.write(changes);
  }
}

function checkJson(value: unknown, where = 'state'): void {
  if (typeof value !== 'object' || value === null) {
    assert.notEqual(typeof value, 'function', where);
    return;
  }
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  assert.ok(isPlain, `${where} is a ${value.constructor.name}`);
  for (const [name, inner] of Object.entries(value)) checkJson(inner, `${where}.${name}`);
}
