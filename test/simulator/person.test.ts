import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { ConversationError, InputError, type Person } from 'messenger-platform-simulator';
import { sendTo, text, useSmallBot } from './small-bot';
import { OTHER_PAGE, PAGE, useSimulator } from './support';

/** Less than the bots here take to say more. */
const NOT_QUIET_FOR_LONG = 150;

describe('A person', () => {
  const simulator = useSimulator({
    people: [{ id: '501', name: 'Ada Lovelace', email: 'ada@example.com', phone: '+1 555 0100' }],
  });
  const bot = useSmallBot(simulator);
  let person: Person;
  beforeEach(() => {
    person = simulator().person('1', { page: PAGE.id });
  });

  const texts = (messages: { text?: string }[]) => messages.map((message) => message.text);

  it('is given all that the bot sent before it answered its webhook', async () => {
    bot().onEvent = async (_event, send) => {
      await send(text('one'));
      await send(text('two'));
    };
    assert.deepEqual(texts(await person.says('Hello')), ['one', 'two']);
  });

  it('is given what the bot sends long after it answered its webhook', async () => {
    bot().onEvent = (_event, send) => {
      void wait(NOT_QUIET_FOR_LONG * 3).then(() => send(text('late')));
    };
    assert.deepEqual(texts(await person.says('Hello')), ['late']);
  });

  it('waits for more messages when it is told how many there are', async () => {
    bot().onEvent = async (_event, send) => {
      await send(text('one'));
      void wait(NOT_QUIET_FOR_LONG * 3).then(() => send(text('two')));
    };
    assert.deepEqual(texts(await person.says('Hello', { atLeast: 2 })), ['one', 'two']);
  });

  it('waits while the bot types', async () => {
    bot().onEvent = async (_event, send) => {
      await send(text('one'));
      await send({ sender_action: 'typing_on' });
      void wait(NOT_QUIET_FOR_LONG * 3).then(() => send(text('two')));
    };
    assert.deepEqual(texts(await person.says('Hello')), ['one', 'two']);
  });

  it('waits while a call of the bot is under way', async () => {
    bot().onEvent = async (_event, send) => {
      await send(text('one'));
      simulator().addFaults({ path: '/messages', delayMs: NOT_QUIET_FOR_LONG * 3 });
      void send(text('two'));
    };
    assert.deepEqual(texts(await person.says('Hello')), ['one', 'two']);
  });

  it('waits for a bot whose webhook is answered late', async () => {
    bot().onEvent = async (_event, send) => {
      await send(text('one'));
      await wait(NOT_QUIET_FOR_LONG * 3);
      await send(text('two'));
    };
    assert.deepEqual(texts(await person.says('Hello')), ['one', 'two']);
  });

  it('does not wait for calls to other people, nor gets what they are sent', async () => {
    simulator().addFaults({ path: '/messages', afterCalls: 1, hang: true });
    bot().onEvent = async ({ sender }, send) => {
      await send(text('one'));
      if (sender.id === '1') void sendTo(simulator(), '2', text('for another')).catch(() => undefined);
    };
    assert.deepEqual(texts(await person.says('Hello', { timeout: 1000 })), ['one']);
    const begun = performance.now();
    const alone = simulator().person('3', { page: PAGE.id });
    assert.deepEqual(texts(await alone.says('Hello', { timeout: 5000 })), ['one']);
    assert.ok(performance.now() - begun < 2000);
  });

  it('is quiet for as long as it was told to be', async () => {
    bot().onEvent = async (_event, send) => {
      await send(text('one'));
      void wait(NOT_QUIET_FOR_LONG * 2).then(() => send(text('two')));
    };
    const patient = simulator().person('1', { page: PAGE.id, quietTime: NOT_QUIET_FOR_LONG * 5 });
    assert.deepEqual(texts(await patient.says('Hello')), ['one', 'two']);
  });

  it('says what the bot did, when it sends nothing in time', async () => {
    bot().onEvent = async (_event, send) => {
      await send({ message: { attachment: { type: 'image', payload: { attachment_id: '1' } } } });
    };
    await assert.rejects(person.says('cat', { timeout: 300 }), (error) => {
      assert.ok(error instanceof ConversationError);
      assert.equal(error.code, 'no_reply');
      assert.match(error.message, /sent user 1 nothing within 300 ms after "cat"/);
      assert.match(error.message, /Its webhook answered 200/);
      assert.match(error.message, /POST \/v25.0\/me\/messages: 400, error 100\/2018074 \(\(#100\) .+\)$/);
      return true;
    });
  });

  it('finds a bot out that never answers its webhook, whatever it has sent', async () => {
    bot().onEvent = async ({ message }, send) => {
      if (message) await send(text('one'));
      await wait(1_000);
    };
    const expected = { code: 'not_delivered', message: /has not answered within 300 ms/ };
    await assert.rejects(person.says('hi', { timeout: 300 }), expected);
    await assert.rejects(person.says('hi', { atLeast: 0, timeout: 300 }), expected);
    await assert.rejects(person.reads({ timeout: 300 }), expected);
  });

  it('says which call of the bot has no answer yet', async () => {
    simulator().addFaults({ hang: true });
    bot().onEvent = (_event, send) => {
      void send(text('one')).catch(() => undefined);
    };
    await assert.rejects(person.says('hi', { timeout: 300 }), {
      code: 'no_reply',
      message: /POST \/v25.0\/me\/messages: no answer yet$/,
    });
  });

  it('says in a sentence that there is nothing to tap', async () => {
    await assert.rejects(person.tapsQuickReply('Nope'), {
      message: 'User 1 cannot tap the quick reply "Nope": there are no quick replies',
    });
    await assert.rejects(person.getsStarted(), {
      message: 'User 1 cannot tap "Get started": the page has set no get_started in its profile',
    });
  });

  it('may get no answer, if that is expected', async () => {
    assert.deepEqual(await person.says('Hello', { atLeast: 0 }), []);
  });

  it('is told at once when the webhook does not take it', async () => {
    bot().status = 500;
    await assert.rejects(person.says('cat'), {
      code: 'not_delivered',
      message: /accept "cat": The bot answered 500/,
    });
  });

  it('taps a quick reply of the last message, and of no other', async () => {
    const replies = [{ content_type: 'text', title: 'Yes', payload: 'YES' }];
    bot().onEvent = async ({ message }, send) => {
      await send(
        message?.quick_reply ? text('Good') : { message: { text: 'Sure?', quick_replies: replies } },
      );
    };
    await person.says('Hello');
    await assert.rejects(person.tapsQuickReply('No'), {
      code: 'not_there',
      message: 'User 1 cannot tap the quick reply "No": there are the quick replies "Yes"',
    });
    assert.deepEqual(texts(await person.tapsQuickReply('Yes')), ['Good']);
    assert.deepEqual(bot().told.at(-1)?.message?.quick_reply, { payload: 'YES' });
    await assert.rejects(person.tapsQuickReply('Yes'), { code: 'not_there' });
  });

  it('sends their e-mail address or phone number by a quick reply, whatever its title and payload', async () => {
    const replies = [
      { content_type: 'user_email' },
      { content_type: 'user_phone_number', title: 'My number', payload: 'PHONE' },
    ];
    bot().onEvent = async (_event, send) => {
      await send({ message: { text: 'Where are you?', quick_replies: replies } });
    };
    const told = () => {
      const message = bot().told.at(-1)?.message;
      return [message?.text, message?.quick_reply?.payload];
    };
    const say = (said: { text?: string; payload: string }) =>
      simulator().say({ page: PAGE.id, user: '1', ...said });
    await person.says('Hello');
    await person.tapsQuickReply('user_email');
    assert.deepEqual(told(), ['user1@example.com', 'user1@example.com']);
    await person.tapsQuickReply('My number');
    assert.deepEqual(told(), ['+15550100001', '+15550100001']);
    await say({ text: 'My number', payload: 'PHONE' });
    assert.deepEqual(told(), ['+15550100001', '+15550100001']);
    await say({ payload: 'user_email' });
    assert.deepEqual(told(), ['user1@example.com', 'user1@example.com']);
    await person.says('user_email');
    assert.deepEqual(told(), ['user_email', undefined]);

    const ada = simulator().person('501', { page: PAGE.id });
    await ada.says('Hello');
    await ada.tapsQuickReply('user_email');
    assert.deepEqual(told(), ['ada@example.com', 'ada@example.com']);
    await ada.tapsQuickReply('My number');
    assert.deepEqual(told(), ['+1 555 0100', '+1 555 0100']);
    await assert.rejects(ada.tapsQuickReply('user_phone_number'), {
      message: /there are the quick replies "user_email", "My number"$/,
    });
  });

  it('taps a button, of a card if there are several', async () => {
    const card = (title: string, payload: string) => ({
      title,
      subtitle: 'A shirt',
      buttons: [
        { type: 'postback', title: 'Buy', payload },
        { type: 'web_url', title: 'Look', url: 'https://example.com' },
      ],
    });
    const payload = {
      template_type: 'generic',
      elements: [card('Red', 'BUY_RED'), card('Blue', 'BUY_BLUE')],
    };
    bot().onEvent = async ({ postback }, send) => {
      await send(
        postback ? text(postback.payload) : { message: { attachment: { type: 'template', payload } } },
      );
    };
    await person.says('Shirts');
    assert.deepEqual(texts(await person.tapsButton('Buy', { card: 'Red' })), ['BUY_RED']);
    assert.deepEqual(texts(await person.tapsButton('Buy')), ['BUY_BLUE']);
    assert.deepEqual(bot().told.at(-1)?.postback?.title, 'Buy');
    await assert.rejects(person.tapsButton('Look'), { code: 'not_there', message: /is a web_url/ });
    await assert.rejects(person.tapsButton('Sell'), { code: 'not_there' });
    await assert.rejects(person.tapsButton('Buy', { card: 'Green' }), {
      code: 'not_there',
      message: 'User 1 cannot tap the card "Green": there are the cards "Red", "Blue"',
    });
  });

  it('receives what the bot sends unasked', async () => {
    const messages = await person.receives(() => sendTo(simulator(), '1', text('News')));
    assert.deepEqual(texts(messages), ['News']);
  });

  it('has an ID of digits, and a page if there are several', () => {
    assert.throws(() => simulator().person('me', { page: PAGE.id }), InputError);
    assert.throws(() => simulator().person('1'), /Expected "page" to be one of 100200300/);
    assert.throws(() => simulator().person('1', { page: '5' }), InputError);
    assert.equal(simulator().person('1', { page: OTHER_PAGE.id }).page, OTHER_PAGE.id);
  });
});
