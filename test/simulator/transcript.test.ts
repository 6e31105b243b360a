import assert from 'node:assert/strict';
import { ConversationError, type Person, type Transcript } from 'messenger-platform-simulator';
import { type SmallBot, text, useSmallBot } from './small-bot';
import { call, PAGE, PNG, upload, useSimulator } from './support';

const QUICK_REPLIES = [{ content_type: 'text', title: 'More', payload: 'MORE' }];

describe('A transcript', () => {
  const simulator = useSimulator();
  const bot = useSmallBot(simulator);
  let person: Person;
  let cat: string;
  beforeEach(() => {
    person = simulator().person('1', { page: PAGE.id });
    cat = 'Tom';
    bot().onEvent = async ({ message, postback }, send) => {
      if (postback) await send(text(`Welcome, ${JSON.stringify(postback.referral)}`));
      if (message?.attachments) await send(text(`A ${message.attachments[0]?.type ?? ''}!`));
      if (message?.text === undefined) return;
      await send(text(`Here is ${cat}`));
      await sendPicture(send);
    };
  });

  async function sendPicture(send: Parameters<SmallBot['onEvent']>[1]) {
    const id = await upload(simulator());
    const payload = { attachment_id: id };
    await send({ message: { attachment: { type: 'image', payload }, quick_replies: QUICK_REPLIES } });
  }

  it('has what happened, in its order, without IDs and times', async () => {
    const [, picture] = await person.says('cat');
    assert.ok(picture);
    await person.reacts('❤️', { to: picture });
    await person.says('Thanks', { replyTo: picture });
    const sha256 = picture.attachments[0]?.sha256;
    const answer = [
      { from: 'page', text: 'Here is Tom' },
      {
        from: 'page',
        attachments: [{ type: 'image', name: 'shirt.png', sha256 }],
        quick_replies: QUICK_REPLIES,
      },
    ];
    assert.deepEqual(person.transcript(), [
      { from: 'user', text: 'cat' },
      ...answer,
      { from: 'user', event: 'react', to: 2, emoji: '❤️' },
      { from: 'user', text: 'Thanks', reply_to: 2 },
      ...answer,
    ]);
  });

  it('names the picture of a media template by its content', async () => {
    const id = await upload(simulator());
    const elements = [{ media_type: 'image', attachment_id: id }];
    const payload = { template_type: 'media', elements };
    bot().onEvent = async (_event, send) => {
      await send({ message: { attachment: { type: 'template', payload } } });
    };
    await person.says('cat');
    const [, answer] = person.transcript();
    assert.ok(answer && 'attachments' in answer);
    assert.deepEqual(answer.template, { template_type: 'media', elements: [{ media_type: 'image' }] });
    assert.equal(answer.attachments.length, 1);
  });

  it('is replayed: the bot does the same again', async () => {
    await call(simulator(), '/me/messenger_profile', { get_started: { payload: 'START' } });
    await person.getsStarted({ ref: 'poster' });
    await person.says('cat');
    await person.tapsQuickReply('More');
    await person.reacts('👍');
    await person.sendsImage({ name: 'mia.png', bytes: PNG });
    await person.sendsLocation({ lat: 1, long: 2 });
    await person.unsends();
    await person.followsLink('summer', { atLeast: 0 });
    const transcript = person.transcript({ content: true });
    const kept = JSON.parse(JSON.stringify(transcript)) as Transcript;

    simulator().reset();
    const told = bot().told.splice(0);
    const again = simulator().person('2', { page: PAGE.id });
    assert.deepEqual(await again.replays(kept), again.transcript());
    assert.deepEqual(again.transcript({ content: true }), transcript);
    const kinds = (events: object[]) => events.map((event) => Object.keys(event).join());
    assert.deepEqual(kinds(bot().told), kinds(told));
  });

  it('shows a readable difference when the bot does something else', async () => {
    await person.says('cat');
    await person.says('another');
    const transcript = person.transcript();
    cat = 'Mia';
    const again = simulator().person('2', { page: PAGE.id });
    await assert.rejects(again.replays(transcript), (error) => {
      assert.ok(error instanceof ConversationError);
      assert.equal(error.code, 'transcript_differs');
      assert.match(error.message, /after "cat" \(entry 1 of 6\)/);
      assert.match(error.message, /^--- transcript\n\+\+\+ bot\n/m);
      assert.match(error.message, /^- {2}"text": "Here is Tom"\n\+ {2}"text": "Here is Mia"$/m);
      assert.doesNotMatch(error.message, /another/);
      return true;
    });
  });

  it('shows what the bot leaves out', async () => {
    await person.says('cat');
    const transcript = person.transcript();
    bot().onEvent = async (_event, send) => {
      await send(text('Here is Tom'));
    };
    const again = simulator().person('2', { page: PAGE.id, timeout: 300 });
    await assert.rejects(again.replays(transcript), {
      code: 'transcript_differs',
      message: /^- {6}"name": "shirt.png",$/m,
    });
  });

  it('hands a thread back as soon as the bot has passed it on', async () => {
    const recipient = { id: '2' };
    const transcript: Transcript = [
      { from: 'user', text: 'agent' },
      { from: 'user', event: 'hand_back' },
      { from: 'page', text: 'I am back' },
    ];
    let passesOn = true;
    bot().onEvent = async (event, send) => {
      if (event['pass_thread_control']) await send(text('I am back'));
      if (!event.message || !passesOn) return;
      setTimeout(() => {
        void call(simulator(), '/me/pass_thread_control', { recipient, target_app_id: '7' });
      }, 400);
    };
    await simulator().person('2', { page: PAGE.id }).replays(transcript);
    passesOn = false;
    await assert.rejects(simulator().person('3', { page: PAGE.id }).replays(transcript), {
      code: 'transcript_differs',
      message: /it has not passed the thread on, so nobody can hand it back$/,
    });
  });

  it('is compared without what may differ', async () => {
    await person.says('cat');
    const transcript = person.transcript();
    cat = 'Mia';
    const again = simulator().person('2', { page: PAGE.id });
    await again.replays(transcript, {
      normalize: (entry) =>
        'text' in entry ? { ...entry, text: entry.text.replace(/Tom|Mia/, 'CAT') } : entry,
    });
  });

  it('is replayed by a person who has written nothing yet, and begins with the person', async () => {
    await person.says('cat');
    const transcript = person.transcript();
    await assert.rejects(person.replays(transcript), /Expected a person who has no messages yet/);
    const again = simulator().person('2', { page: PAGE.id });
    await assert.rejects(
      again.replays(transcript.slice(1)),
      /Expected a transcript to begin with what the person/,
    );
    for (const none of [{}, ['text'], [{ text: 'cat' }]]) {
      await assert.rejects(again.replays(none as Transcript), /to be a list of entries that are from "user"/);
    }
    await assert.rejects(again.replays([]), /to begin with what the person does, got nothing/);
    const photo = [
      { from: 'user', attachments: [{ type: 'image', name: 'a.png', sha256: '' }] },
    ] as Transcript;
    await assert.rejects(again.replays(photo), /Expected the transcript to have the content of a.png/);
  });

  it('is exported by the control API, with what the person sent', async () => {
    await person.sendsFile({ name: 'menu.pdf', bytes: PNG });
    const response = await fetch(`${simulator().httpUrl}/_sim/threads/${PAGE.id}/1/transcript`);
    const transcript = (await response.json()) as Transcript;
    assert.deepEqual(transcript, person.transcript({ content: true }));
    const [file] = transcript;
    assert.ok(file && 'attachments' in file);
    assert.deepEqual(Buffer.from(file.attachments[0]?.content ?? '', 'base64'), PNG);
  });
});
