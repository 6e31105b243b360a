import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { Agent } from 'undici';
import {
  audio,
  FacebookAttachmentCache,
  image,
  type AttachmentCacheOptions,
  type PageAccount,
  type PageClient,
} from '../../src';
import { deepFreeze } from '../support/checks/deep-freeze';
import { useSimulator } from '../support/bot/use-simulator';
import { until } from '../support/checks/waiting';
import { ASSETS, readAsset } from '../support/files/assets';
import { freePort } from '../support/platform/listen';
import { OTHER_PAGE, PAGE } from '../support/platform/pages';
import { arrived, callCounts, calls, onlyArrival } from '../support/platform/received';
import { recordCalls } from '../support/platform/recorder';
import { openWebsite } from '../support/platform/website';

const USER = '7001';
const TOM = deepFreeze(image('cats/tom.jpg'));
const CREDENTIALS = ['access_token', 'appsecret_proof'];
const TEMPLATE = deepFreeze({
  attachment: {
    type: 'template' as const,
    payload: { template_type: 'media', elements: [{ media_type: 'image', url: 'cats/tom.jpg' }] },
  },
});

describe('a page without Botkit: FacebookAttachmentCache.connect', () => {
  const platform = useSimulator();

  const openPlugin = (options: AttachmentCacheOptions = {}, { ca } = platform.sim) => {
    const dispatcher = platform.closeAfterTest(new Agent({ connect: { ca } }));
    const plugin = new FacebookAttachmentCache({ root: ASSETS, dispatcher, ...options });
    const errors: Error[] = [];
    plugin.on('error', (error) => errors.push(error));
    return Object.assign(platform.closeAfterTest(plugin), { errors });
  };

  const accountOf = ({ token, secret } = PAGE): PageAccount => ({
    accessToken: token,
    appSecret: secret,
    apiHost: platform.sim.host,
  });

  const connect = (options?: AttachmentCacheOptions): PageClient => openPlugin(options).connect(accountOf());

  describe('send', () => {
    for (const [what, message] of [
      ['a text', { text: 'Hello' }],
      ['a picture by its ID', TOM],
      ['a picture in one step', image('cats/tom.jpg', { reusable: false })],
    ] as const) {
      it(`reports ${what} whose answer holds no message_id, and does not send it again`, async () => {
        const page = connect();
        await page.warm(['cats/tom.jpg']);
        platform.sim.addFaults({ path: '/messages$', drop: ['message_id'] });
        await assert.rejects(page.send(USER, message), {
          code: 'ERR_GRAPH_BAD_ANSWER',
          message: /the answer contains no message_id/,
        });
        assert.equal(arrived(platform.sim, USER).length, 1);
      });
    }

    it('sends no picture after a text whose answer holds no message_id', async () => {
      const page = connect();
      await page.warm(['cats/tom.jpg']);
      platform.sim.addFaults({ path: '/messages$', drop: ['message_id'] });
      await assert.rejects(page.send(USER, { text: 'Tom', ...TOM }), { code: 'ERR_GRAPH_BAD_ANSWER' });
      assert.deepEqual(
        arrived(platform.sim, USER).map(({ text }) => text),
        ['Tom'],
      );
    });

    it('sends by a known ID, however late a busy process comes to it', async () => {
      const plugin = openPlugin({ uploadWait: 1 });
      const page = plugin.connect(accountOf());
      await page.warm(['cats/tom.jpg']);
      const sending = Array.from({ length: 100 }, (_, n) => page.send(String(7100 + n), TOM));
      const begun = performance.now();
      while (performance.now() - begun < 20);
      await Promise.all(sending);
      assert.deepEqual(callCounts(platform.sim)['send-id'], 100);
    });

    it('uploads a picture once, sends it by its ID, and resolves with the platform’s answer', async () => {
      const page = connect();
      const answers = [await page.send(USER, TOM), await page.send(USER, TOM)];
      assert.deepEqual(calls(platform.sim), ['read', 'upload-file', 'send-id', 'send-id']);
      assert.deepEqual(
        answers.map(({ message_id }) => message_id),
        arrived(platform.sim, USER).map(({ mid }) => mid),
      );
      assert.deepEqual(
        answers.map(({ recipient_id }) => recipient_id),
        [USER, USER],
      );
    });

    it('makes one upload for all who send the same at once', async () => {
      const page = connect();
      const users = Array.from({ length: 20 }, (_, index) => String(8000 + index));
      await Promise.all(users.map((user) => page.send(user, TOM)));
      for (const user of users) onlyArrival(platform.sim, user);
      assert.deepEqual(callCounts(platform.sim), { read: 1, 'upload-file': 1, 'send-id': 20 });
    });

    it('delivers a message whose ID is dead, and sends by a new ID from then on', async () => {
      const page = connect();
      await page.send(USER, TOM);
      platform.sim.revokeAll();
      await page.send('7002', TOM);
      onlyArrival(platform.sim, '7002');
    });

    it('fills a media template', async () => {
      await connect().send(USER, TEMPLATE);
      assert.deepEqual(calls(platform.sim), ['read', 'upload-file', 'send-template']);
      assert.equal(arrived(platform.sim, USER).length, 1);
    });

    it('sends bytes that are not to be saved in one step, and asks for no page', async () => {
      await connect().send(USER, image(readAsset('paw.png'), { filename: 'paw.png', reusable: false }));
      assert.deepEqual(calls(platform.sim), ['send-file']);
      assert.equal(onlyArrival(platform.sim, USER).attachment.name, 'paw.png');
    });

    it('sends text', async () => {
      const { message_id } = await connect().send(USER, { text: 'Hello' });
      const [message] = arrived(platform.sim, USER);
      assert.deepEqual([message?.text, message?.mid], ['Hello', message_id]);
    });

    it('puts tag and messaging type beside the message, and gives quick replies their type', async () => {
      const recorder = platform.closeAfterTest(await recordCalls(platform.sim));
      const page = openPlugin({}, recorder).connect({ ...accountOf(), apiHost: recorder.host });
      const quick = { title: 'Yes', payload: 'yes' };
      await page.send(USER, { text: 'Another?', quick_replies: [quick] });
      await page.send(USER, image('cats/tom.jpg', { tag: 'HUMAN_AGENT', quick_replies: [quick] }));
      const sent = recorder.requests
        .filter(({ path }) => path === '/v25.0/me/messages')
        .map(({ body }) => JSON.parse(body.toString()) as Record<string, unknown>);
      const withType = { content_type: 'text', ...quick };
      const [tom] = platform.sim.assets();
      const attachment = { type: 'image', payload: { attachment_id: tom?.id } };
      assert.deepEqual(
        sent.map((body) =>
          Object.fromEntries(Object.entries(body).filter(([name]) => !CREDENTIALS.includes(name))),
        ),
        [
          {
            recipient: { id: USER },
            messaging_type: 'RESPONSE',
            message: { text: 'Another?', quick_replies: [withType] },
          },
          {
            recipient: { id: USER },
            messaging_type: 'MESSAGE_TAG',
            tag: 'HUMAN_AGENT',
            message: { attachment, quick_replies: [withType] },
          },
        ],
      );
    });

    it('sends replies to a message: a text, a picture, and the text beside a picture', async () => {
      const page = connect();
      const { message_id: mid = '' } = await page.send(USER, { text: 'One', metadata: 'first' });
      await page.send(USER, { text: 'Two', reply_to: { mid } });
      await page.send(USER, image('cats/tom.jpg', { reply_to: { mid } }));
      await page.send(USER, image('cats/tom.jpg', { text: 'This is Tom', reply_to: { mid } }));
      assert.deepEqual(
        arrived(platform.sim, USER).map(({ metadata, reply_to: to }) => metadata ?? to),
        ['first', mid, mid, mid, undefined],
      );
    });

    it('takes a field that is undefined for one that is left out', async () => {
      const quick = { content_type: undefined, title: 'Yes', payload: 'yes' };
      await connect().send(USER, { text: 'Hi', messaging_type: undefined, quick_replies: [quick] });
      const [message] = arrived(platform.sim, USER);
      assert.equal(message?.messaging_type, 'RESPONSE');
      assert.deepEqual(message.quick_replies, [{ ...quick, content_type: 'text' }]);
    });

    it('sends a sender action without a message', async () => {
      await connect().send(USER, { sender_action: 'typing_on' });
      const [call, ...more] = platform.sim.calls();
      assert.deepEqual([call?.code, more], [undefined, []]);
      assert.equal(call?.purpose, 'send-action');
    });

    it('takes a recipient object', async () => {
      await connect().send({ id: USER }, TOM);
      onlyArrival(platform.sim, USER);
    });

    it('rejects with the platform’s error for text, once, and reports it', async () => {
      const plugin = openPlugin();
      platform.sim.addFaults({ purpose: 'send-text', error: { code: 100, subcode: 2018001 } });
      await assert.rejects(plugin.connect(accountOf()).send(USER, { text: 'Hello' }), (error) => {
        assert.deepEqual(plugin.errors, [error]);
        const { name, code, subcode, message } = plugin.errors[0] as Error & {
          code: number;
          subcode: number;
        };
        assert.deepEqual([name, code, subcode], ['GraphError', 100, 2018001]);
        assert.match(message, /^Facebook refused to send a message: /);
        return true;
      });
      assert.equal(platform.sim.calls().length, 1);
      assert.deepEqual(arrived(platform.sim, USER), []);
    });

    it('does not send a text again that may have arrived', async () => {
      platform.sim.addFaults({ purpose: 'send-text', status: 500, error: { code: 2 } });
      await assert.rejects(connect().send(USER, { text: 'Hello' }), { name: 'GraphError', code: 2 });
      assert.equal(platform.sim.calls().length, 1);
    });

    it('rejects with the error of an attachment that cannot be sent, and reports it', async () => {
      const plugin = openPlugin();
      await assert.rejects(plugin.connect(accountOf()).send(USER, image('nowhere.jpg')), {
        name: 'AttachmentError',
        code: 'ERR_ATTACHMENT_NOT_FOUND',
      });
      assert.deepEqual(
        plugin.errors.map(({ name }) => name),
        ['AttachmentError'],
      );
      assert.deepEqual(calls(platform.sim), []);
    });

    describe('with a signal', () => {
      for (const [what, message] of [
        ['a picture', TOM],
        ['a media template', TEMPLATE],
        ['a text with a picture', { text: 'Tom', ...TOM }],
      ] as const) {
        it(`gives up ${what} that waits for its upload: nothing is sent`, async () => {
          const stop = new AbortController();
          const page = connect();
          platform.sim.addFaults({ path: '/message_attachments', delayMs: 300 });
          const sending = page.send(USER, message, { signal: stop.signal });
          await until('it is uploaded', () => calls(platform.sim).length >= 1);
          const reason = new Error('the author has changed their mind');
          stop.abort(reason);
          await assert.rejects(sending, (error) => error === reason);
          assert.deepEqual(arrived(platform.sim, USER), []);
          // The upload is still of use to others.
          await page.send('7002', TOM);
          assert.equal(callCounts(platform.sim)['upload-file'], 1);
        });
      }

      for (const [what, message] of [
        ['a text', { text: 'Hello' }],
        ['a picture whose ID is known', TOM],
      ] as const) {
        it(`gives up ${what} that waits for other calls of its page: nothing is sent`, async () => {
          const page = connect();
          await page.warm(['cats/tom.jpg']);
          platform.sim.addFaults({ path: '/messages$', delayMs: 300, times: 100 });
          const others = Array.from({ length: 100 }, (_, index) => page.send(`8${index}`, { text: 'Hello' }));
          const stop = new AbortController();
          const sending = page.send(USER, message, { signal: stop.signal });
          const failure = assert.rejects(sending, { name: 'AbortError' });
          await until('the others are under way', () => calls(platform.sim).length > 10);
          stop.abort();
          await failure;
          await Promise.all(others);
          assert.deepEqual(arrived(platform.sim, USER), []);
        });
      }

      it('does not say that a message which was given up is sent all the same', async () => {
        const stop = new AbortController();
        const plugin = openPlugin();
        const told: unknown[] = [];
        plugin.on('error', (_error, message) => told.push(message));
        const refused = { error: { code: 100, subcode: 2018047 } };
        platform.sim.addFaults({ path: '/message_attachments', delayMs: 300, ...refused });
        const sending = plugin.connect(accountOf()).send(USER, TOM, { signal: stop.signal });
        await until('it is uploaded', () => calls(platform.sim).includes('upload-file'));
        stop.abort();
        await assert.rejects(sending);
        await until('the upload has failed', () => told.length > 0);
        assert.deepEqual(told, [{ page: PAGE.id, recipient: { id: USER } }]);
      });

      it('can be that of many messages: they wait by one listener, because Node warns of more than ten', async () => {
        const stop = new AbortController();
        platform.sim.addFaults({ path: '/message_attachments', delayMs: 2_000 });
        const page = connect();
        const sending = Promise.allSettled(
          Array.from({ length: 20 }, () => page.send(USER, TOM, { signal: stop.signal })),
        );
        await until('it is uploaded', () => calls(platform.sim).includes('upload-file'));
        assert.equal(getEventListeners(stop.signal, 'abort').length, 1);
        stop.abort();
        const outcomes = (await sending).map(({ status }) => status);
        assert.deepEqual(new Set(outcomes), new Set(['rejected']));
        assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
      });

      it('sends nothing if it has come before', async () => {
        const signal = AbortSignal.abort();
        await assert.rejects(connect().send(USER, { text: 'Hello' }, { signal }), { name: 'AbortError' });
        assert.deepEqual(calls(platform.sim), []);
      });

      it('has no effect on a message whose call has begun, and leaves no listener behind', async () => {
        const stop = new AbortController();
        const page = connect();
        await page.warm(['cats/tom.jpg']);
        platform.sim.addFaults({ path: '/messages$', delayMs: 200 });
        const sending = page.send(USER, TOM, { signal: stop.signal });
        setTimeout(() => {
          stop.abort();
        }, 100);
        await sending;
        onlyArrival(platform.sim, USER);
        assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
      });
    });

    it('rejects when nobody is there, and says that nothing was sent', async () => {
      const apiHost = `localhost:${await freePort()}`;
      const page = openPlugin().connect({ ...accountOf(), apiHost });
      await assert.rejects(page.send(USER, { text: 'Hello' }), {
        name: 'TransportError',
        code: 'ERR_GRAPH_UNREACHABLE',
        message: /Nothing was sent\. Check the network, the proxy and the host of the Graph API\.$/,
      });
    });

    const wrong: [what: string, recipient: unknown, message: unknown, expected: RegExp][] = [
      [
        'a number for a recipient',
        7001,
        TOM,
        /^Expected `recipient` to be a person’s ID as a string, .* got 7001$/,
      ],
      ['an empty recipient', '', TOM, /^Expected `recipient` .* got ""$/],
      ['text for a message', USER, 'Hello', /^Expected `message` to be a message such as .* got a string$/],
      ['no message', USER, undefined, /^Expected `message` .* got undefined$/],
      [
        'a message beside a sender action',
        USER,
        { sender_action: 'typing_on', text: 'Hello' },
        /^Expected `message` to be either a `sender_action` or a message, .* got an object$/,
      ],
    ];
    for (const [what, recipient, message, expected] of wrong) {
      it(`refuses ${what}, before anything is sent`, async () => {
        await assert.rejects(connect().send(recipient as string, message as object), {
          name: 'TypeError',
          code: 'ERR_ARGUMENT_INVALID',
          message: expected,
        });
        assert.deepEqual(calls(platform.sim), []);
      });
    }
  });

  describe('callAPI', () => {
    it('sends messages as send does', async () => {
      const params = deepFreeze({ recipient: { id: USER }, message: TOM });
      await connect().callAPI('/me/messages', 'POST', params);
      await connect().callAPI(`/${PAGE.id}/messages`, 'POST', params);
      assert.equal(arrived(platform.sim, USER).length, 2);
      assert.deepEqual(callCounts(platform.sim), { read: 1, 'upload-file': 2, 'send-id': 2 });
    });

    it('fills in and moves nothing of a message but its attachment', async () => {
      const recorder = platform.closeAfterTest(await recordCalls(platform.sim));
      const page = openPlugin({}, recorder).connect({ ...accountOf(), apiHost: recorder.host });
      const quick = { title: 'Yes', payload: 'yes' };
      const message = { text: 'Another?', quick_replies: [quick], persona_id: '1' };
      platform.sim.addFaults({ path: '/messages$', body: { message_id: 'm_1' } });
      await page.callAPI('/me/messages', 'POST', { recipient: { id: USER }, message });
      const sent = JSON.parse(String(recorder.requests[0]?.body)) as Record<string, unknown>;
      for (const name of CREDENTIALS) Reflect.deleteProperty(sent, name);
      assert.deepEqual(sent, { recipient: { id: USER }, message });
    });

    it('makes any other call, and gives its answer', async () => {
      const page = connect();
      assert.equal((await page.callAPI('/me', 'GET', { fields: 'id' })).id, PAGE.id);
      await assert.rejects(page.callAPI('/me/nothing', 'GET'), { name: 'GraphError' });
    });

    it('reports no error but a message’s', async () => {
      const plugin = openPlugin();
      await assert.rejects(plugin.connect(accountOf()).callAPI('/me/nothing', 'GET'));
      assert.deepEqual(plugin.errors, []);
    });

    const wrong: [what: string, call: unknown[], expected: RegExp][] = [
      [
        'a path without a slash',
        ['me/messages'],
        /^Expected `path` to be a path such as \/me\/messages, got a string$/,
      ],
      ['a path with a line break', ['/me\n'], /^Expected `path`/],
      [
        'a method that there is not',
        ['/me', 'PUT'],
        /^Expected `method` to be one of GET, POST, DELETE, got/,
      ],
      [
        'a payload of text',
        ['/me', 'GET', 'fields=id'],
        /^Expected `payload` to be an object, got a string$/,
      ],
    ];
    for (const [what, call, expected] of wrong) {
      it(`refuses ${what}`, async () => {
        await assert.rejects(connect().callAPI(...(call as ['/me'])), {
          name: 'TypeError',
          code: 'ERR_ARGUMENT_INVALID',
          message: expected,
        });
        assert.deepEqual(calls(platform.sim), []);
      });
    }
  });

  it('posts a call unless it is told otherwise', async () => {
    await connect().callAPI('/me/messenger_profile', undefined, { get_started: { payload: 'start' } });
    assert.equal(platform.sim.calls()[0]?.method, 'POST');
  });

  it('names what it was given instead of options', async () => {
    const page = connect() as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const message = 'Expected `options` to be an object, got a string';
    await assert.rejects(async () => page.send?.(USER, TOM, 'now'), { message });
    await assert.rejects(async () => page.list?.('now'), { message });
    await assert.rejects(async () => page.forget?.(TOM, 'now'), { message });
  });

  it('makes a call with a message that is no send as it is, and asks for no message ID', async () => {
    const website = platform.closeAfterTest(await openWebsite());
    const payload = { url: `${website.url}/cats/tom.jpg`, is_reusable: true };
    const message = { attachment: { type: 'image', payload } };
    const answer = await connect().callAPI('/me/message_attachments', 'POST', { message });
    assert.deepEqual(Object.keys(answer), ['attachment_id']);
  });

  describe('warm, list and forget', () => {
    it('are for the page of the token', async () => {
      const plugin = openPlugin();
      const [first, second] = [plugin.connect(accountOf()), plugin.connect(accountOf(OTHER_PAGE))];
      assert.equal((await first.warm(['cats/tom.jpg'])).uploaded, 1);
      assert.equal((await second.warm(['cats', audio('lullaby.mp3')])).uploaded, 3);
      assert.deepEqual(
        [(await first.list()).map(({ page }) => page), (await second.list()).map(({ page }) => page)],
        [[PAGE.id], [OTHER_PAGE.id, OTHER_PAGE.id, OTHER_PAGE.id]],
      );
      await first.forget(TOM);
      assert.deepEqual([(await first.list()).length, (await second.list()).length], [0, 3]);
      assert.equal(await second.pageId(), OTHER_PAGE.id);
    });

    it('only look in a dry run', async () => {
      assert.equal((await connect().warm([TOM], { dryRun: true })).missing, 1);
      assert.deepEqual(calls(platform.sim), ['read']);
    });

    it('say when the token is refused', async () => {
      const page = openPlugin().connect({ ...accountOf(), accessToken: 'EXPIRED' });
      await assert.rejects(page.warm([TOM]), { name: 'GraphError', code: 190 });
      await assert.rejects(page.list(), { name: 'GraphError', code: 190 });
      await assert.rejects(page.forget(TOM), { name: 'GraphError', code: 190 });
    });
  });

  it('shares the IDs of a page with a bot that has the same instance', async () => {
    const { plugin, ...botkit } = await platform.openBotkit();
    await plugin.connect(accountOf()).send(USER, TOM);
    await (await botkit.bot(USER)).say(TOM);
    assert.deepEqual(callCounts(platform.sim), { read: 1, 'upload-file': 1, 'send-id': 2 });
  });

  it('counts and reports what it sends', async () => {
    const plugin = openPlugin();
    const pages: unknown[] = [];
    plugin.on('send', ({ page }) => pages.push(page));
    await plugin.connect(accountOf()).send(USER, TOM);
    assert.deepEqual([plugin.stats.sends, plugin.stats.uploads, pages], [1, 1, [PAGE.id]]);
  });

  it('carries a proof only with a secret', async () => {
    const recorder = platform.closeAfterTest(await recordCalls(platform.sim));
    const plugin = openPlugin({}, recorder);
    const bodies = (): Record<string, unknown>[] =>
      recorder.requests.map(({ body }) => JSON.parse(body.toString()) as Record<string, unknown>);
    const apiHost = recorder.host;
    await plugin.connect({ ...accountOf(), apiHost }).send(USER, { text: '1' });
    await plugin
      .connect({ accessToken: PAGE.token, apiHost })
      .send(USER, { text: '2' })
      .catch(() => undefined);
    assert.deepEqual(
      bodies().map(({ appsecret_proof: proof }) => typeof proof),
      ['string', 'undefined'],
    );
  });

  it('lets no page’s files wait for those of another page', async () => {
    const agent = platform.closeAfterTest(new Agent({ connect: { ca: platform.sim.ca } }));
    const held: (() => void)[] = [];
    let isHolding = true;
    const dispatcher = agent.compose((dispatch) => (options, handler) => {
      if (!isHolding) return dispatch(options, handler);
      held.push(() => dispatch(options, handler));
      return true;
    });
    const plugin = openPlugin({ dispatcher, uploads: { concurrency: 1 } });
    const [first, second] = [plugin.connect(accountOf()), plugin.connect(accountOf(OTHER_PAGE))];
    const once = image(readAsset('paw.png'), { filename: 'paw.png', reusable: false });
    const slow = first.send(USER, once);
    await until('the first file has its place', () => held.length === 1);
    isHolding = false;
    await second.send(USER, once);
    onlyArrival(platform.sim, USER, OTHER_PAGE.id);
    for (const goOn of held) goOn();
    await slow;
  });
});
