import assert from 'node:assert/strict';
import { type Person } from 'messenger-platform-simulator';
import { sendTo, text, type Told, useSmallBot } from './small-bot';
import { call, PAGE, PNG, useSimulator } from './support';

const NOW = 1_700_000_000_000;

/** Pages named here stand below …/messenger-platform/webhooks/webhook-events/ of Facebook's documentation. */
describe('The webhook is told, in the documented shape,', () => {
  const simulator = useSimulator({ now: () => NOW });
  const bot = useSmallBot(simulator);
  let person: Person;
  beforeEach(() => {
    person = simulator().person('1', { page: PAGE.id });
    bot().onEvent = async (_event, send) => {
      await send(text('Thanks'));
    };
  });

  /** The last event, without what all events have. */
  function lastTold(): Record<string, unknown> {
    const { sender, recipient, timestamp, ...content } = bot().told.at(-1) ?? ({} as Told);
    assert.deepEqual([sender, recipient, timestamp], [{ id: '1' }, { id: PAGE.id }, NOW]);
    return content;
  }

  const lastMid = () => person.thread().messages.findLast(({ from }) => from === 'user')?.mid;

  it('of an image, whose address gives its bytes, type and name (messages)', async () => {
    await person.sendsImage({ name: 'my cat.png', bytes: PNG });
    const [attachment] = bot().told[0]?.message?.attachments ?? [];
    assert.deepEqual(lastTold(), { message: { mid: lastMid(), attachments: [attachment] } });
    assert.equal(attachment?.type, 'image');
    const url = String(attachment.payload['url']);
    assert.match(url, /^http:\/\/localhost:\d+\/.*\/my%20cat\.png\?/);
    const response = await fetch(url);
    assert.equal(response.headers.get('content-type'), 'image/png');
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), PNG);
  });

  it('of sound, video and files by their types (messages)', async () => {
    await person.sendsAudio({ name: 'hello.mp3', bytes: PNG });
    await person.sendsVideo({ name: 'hello.mp4', bytes: PNG });
    await person.sendsFile({ name: 'hello.pdf', bytes: PNG });
    const types = bot().told.map(({ message }) => message?.attachments?.map(({ type }) => type));
    assert.deepEqual(types, [['audio'], ['video'], ['file']]);
    const { messages } = person.thread();
    const sent = messages.filter(({ from }) => from === 'user').map(({ attachments }) => attachments[0]);
    assert.deepEqual(
      sent.map((one) => [one?.name, one?.contentType]),
      [
        ['hello.mp3', 'audio/mpeg'],
        ['hello.mp4', 'video/mp4'],
        ['hello.pdf', 'application/pdf'],
      ],
    );
  });

  it('of a sticker, which is no image any more (messages, changelog of 1 June 2026)', async () => {
    await person.sendsSticker('369239263222822');
    const url = `${simulator().httpUrl}/_sim/stickers/369239263222822`;
    const attachment = { type: 'sticker', payload: { url, sticker_id: 369239263222822 } };
    assert.deepEqual(lastTold(), { message: { mid: lastMid(), attachments: [attachment] } });
    assert.match((await fetch(url)).headers.get('content-type') ?? '', /^image\/svg/);
  });

  it('of a place (messages, as of 2019)', async () => {
    await person.sendsLocation({ lat: 52.52, long: 13.405, title: 'Berlin' });
    const payload = { coordinates: { lat: 52.52, long: 13.405 } };
    const attachment = { title: 'Berlin', type: 'location', payload };
    assert.deepEqual(lastTold(), { message: { mid: lastMid(), attachments: [attachment] } });
  });

  it('of a reply to a message (messages)', async () => {
    const [thanks] = await person.says('Hello');
    assert.ok(thanks);
    await person.says('You are welcome', { replyTo: thanks });
    const replyTo = { mid: thanks.mid, is_self_reply: false };
    assert.deepEqual(lastTold(), { message: { mid: lastMid(), text: 'You are welcome', reply_to: replyTo } });
    assert.equal(person.thread().messages.at(-2)?.reply_to, thanks.mid);
  });

  it('of a reaction, and that it was taken back (message_reactions)', async () => {
    const [thanks] = await person.says('Hello');
    await person.reacts('❤️');
    const reaction = { reaction: 'love', emoji: '❤️', action: 'react', mid: thanks?.mid };
    assert.deepEqual(lastTold(), { reaction });
    assert.equal(person.thread().messages[1]?.userReaction, '❤️');
    bot().onEvent = () => undefined;
    await person.removesReaction({ from: person.thread().messages[1] ?? assert.fail() });
    assert.deepEqual(lastTold(), { reaction: { ...reaction, action: 'unreact' } });
    assert.equal(person.thread().messages[1]?.userReaction, undefined);
    await person.reacts('🐈');
    assert.equal((lastTold()['reaction'] as { reaction: string }).reaction, 'other');
  });

  it('that everything was read (message_reads)', async () => {
    await person.says('Hello');
    await person.reads();
    assert.deepEqual(lastTold(), { read: { watermark: NOW } });
  });

  it('that a message was unsent (as Instagram does it)', async () => {
    await person.says('Oops');
    const mid = lastMid();
    await person.unsends();
    assert.deepEqual(lastTold(), { message: { mid, is_deleted: true } });
    const [message] = person.thread().messages;
    assert.equal(message?.unsent, true);
    await assert.rejects(person.unsends(), { code: 'not_there' });
  });

  it('how a person came back: by a link or by an ad (messaging_referrals)', async () => {
    await person.followsLink('summer');
    assert.deepEqual(lastTold(), { referral: { ref: 'summer', source: 'SHORTLINK', type: 'OPEN_THREAD' } });
    await person.followsLink('winter', { adId: '6045' });
    const referral = { ref: 'winter', source: 'ADS', ad_id: '6045', type: 'OPEN_THREAD' };
    assert.deepEqual(lastTold(), { referral });
  });

  it('that a person opted in on a web page (messaging_optins)', async () => {
    await person.optsIn('newsletter');
    assert.deepEqual(lastTold(), { optin: { ref: 'newsletter' } });
  });

  it('that an account was linked and unlinked (messaging_account_linking)', async () => {
    await person.linksAccount('code-of-the-shop');
    const linked = { status: 'linked', authorization_code: 'code-of-the-shop' };
    assert.deepEqual(lastTold(), { account_linking: linked });
    await person.unlinksAccount();
    assert.deepEqual(lastTold(), { account_linking: { status: 'unlinked' } });
  });

  it('of Get started, with the link that led there (messaging_postbacks)', async () => {
    await assert.rejects(person.getsStarted(), { code: 'not_there' });
    await call(simulator(), '/me/messenger_profile', { get_started: { payload: 'START' } });
    await person.getsStarted({ ref: 'poster' });
    const referral = { ref: 'poster', source: 'SHORTLINK', type: 'OPEN_THREAD' };
    const postback = { mid: lastMid(), title: 'Get Started', payload: 'START', referral };
    assert.deepEqual(lastTold(), { postback });
  });

  it('of the persistent menu and of ice breakers (messaging_postbacks)', async () => {
    const actions = [{ type: 'postback', title: 'Help', payload: 'HELP' }];
    await call(simulator(), '/me/messenger_profile', {
      get_started: { payload: 'START' },
      persistent_menu: [
        { locale: 'de_DE', call_to_actions: [{ type: 'postback', title: 'Hilfe', payload: 'HILFE' }] },
        { locale: 'default', call_to_actions: actions },
      ],
      ice_breakers: [{ call_to_actions: [{ question: 'Open today?', payload: 'HOURS' }], locale: 'default' }],
    });
    await person.tapsMenu('Help');
    assert.deepEqual(lastTold(), { postback: { mid: lastMid(), title: 'Help', payload: 'HELP' } });
    await person.tapsIceBreaker('Open today?');
    assert.deepEqual(lastTold(), { postback: { mid: lastMid(), title: 'Open today?', payload: 'HOURS' } });
    await assert.rejects(person.tapsMenu('Hilfe'), { code: 'not_there', message: /menu items "Help"/ });
    await assert.rejects(person.tapsIceBreaker('Why?'), { code: 'not_there' });
  });

  it('that its messages were delivered, and of its own messages, if it asks for it', async () => {
    bot().onEvent = () => undefined;
    const { url = '' } = simulator().state().webhook ?? {};
    simulator().setWebhook({ url, fields: ['message_deliveries', 'message_echoes'] });
    await sendTo(simulator(), '1', { message: { text: 'News', metadata: 'from the newsroom' } });
    await person.receives(undefined, { atLeast: 0, quietTime: 200 });
    const [sent] = person.thread().messages;
    const find = (name: string) => bot().told.find((event) => name in event);
    assert.deepEqual(find('delivery')?.['delivery'], { mids: [sent?.mid], watermark: NOW });
    const echo = find('message');
    assert.deepEqual([echo?.sender, echo?.recipient], [{ id: PAGE.id }, { id: '1' }]);
    assert.equal(typeof echo?.message?.['app_id'], 'number');
    assert.deepEqual(
      { ...echo?.message, app_id: 0 },
      { is_echo: true, app_id: 0, metadata: 'from the newsroom', mid: sent?.mid, text: 'News' },
    );
  });

  it('of what the bot has subscribed its page to', async () => {
    await call(simulator(), '/me/subscribed_apps', { subscribed_fields: 'messages,message_deliveries' });
    const [thanks] = await person.says('Hello');
    await person.receives(undefined, { atLeast: 0, quietTime: 200 });
    const delivery = { mids: [thanks?.mid], watermark: NOW };
    assert.deepEqual(bot().told.find((event) => 'delivery' in event)?.['delivery'], delivery);
    await assert.rejects(person.reads(), { code: 'not_delivered' });
  });

  it('of what others are asked while an agent has the thread, in the channel standby, and when it is back', async () => {
    bot().onEvent = () => undefined;
    await call(simulator(), '/me/pass_thread_control', {
      recipient: { id: '1' },
      target_app_id: '263902037430900',
    });
    await person.says('Is anybody there?', { atLeast: 0 });
    assert.deepEqual([bot().told, bot().standby.length], [[], 1]);
    const event = { sender: { id: '1' }, recipient: { id: PAGE.id }, timestamp: NOW };
    const message = { mid: lastMid(), text: 'Is anybody there?' };
    assert.deepEqual(bot().standby[0], { ...event, message });
    await person.returnsToBot({ metadata: 'solved' });
    const handover = {
      previous_owner_app_id: '263902037430900',
      new_owner_app_id: '100000000000001',
      metadata: 'solved',
    };
    assert.deepEqual(lastTold(), { pass_thread_control: handover });
    await person.says('Thanks', { atLeast: 0 });
    assert.deepEqual(lastTold(), { message: { mid: lastMid(), text: 'Thanks' } });
  });

  it('of a tap in standby without its payload', async () => {
    await call(simulator(), '/me/messenger_profile', { get_started: { payload: 'START' } });
    await call(simulator(), '/me/pass_thread_control', {
      recipient: { id: '1' },
      target_app_id: '263902037430900',
    });
    await person.getsStarted({ atLeast: 0 });
    assert.deepEqual(bot().standby[0]?.postback, { mid: lastMid(), title: 'Get Started' });
  });

  it('of nothing that it is not subscribed to', async () => {
    const { url = '' } = simulator().state().webhook ?? {};
    simulator().setWebhook({ url, fields: ['messages'] });
    await assert.rejects(person.reads(), {
      code: 'not_delivered',
      message: /not subscribed to message_reads/,
    });
    assert.throws(() => {
      simulator().setWebhook({ url, fields: ['message' as 'messages'] });
    }, /fields to be among messages, messaging_postbacks/);
  });
});

describe('What a person does opens the window of 24 hours:', () => {
  const simulator = useSimulator();
  const bot = useSmallBot(simulator);
  const stranger = '4711';

  for (const [what, opens] of [
    ['reacts', true],
    ['followsLink', true],
    ['optsIn', true],
    ['reads', false],
  ] as const) {
    it(`${what}: ${opens ? 'yes' : 'no'}`, async () => {
      const person = simulator().person(stranger, { page: PAGE.id });
      bot().onEvent = () => undefined;
      simulator().openWindow({ page: PAGE.id, user: stranger });
      await sendTo(simulator(), stranger, text('Hello'));
      simulator().advanceDays(2);
      if (what === 'reads') await person.reads();
      else await person[what]('x', { atLeast: 0 });
      assert.equal(await sendTo(simulator(), stranger, text('Hello')), opens ? 200 : 400);
    });
  }
});
