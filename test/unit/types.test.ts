import { once } from 'node:events';
import type { BotkitConversation, BotkitMessage, BotWorker } from 'botkit';
import { expectTypeOf } from 'expect-type';
import type Keyv from 'keyv';
import {
  file,
  image,
  media,
  type Attachment,
  type AttachmentCacheOptions,
  type AttachmentMessage,
  type AttachmentSource,
  type FacebookAttachmentCache,
  type Filedata,
  type KeyvLike,
  type KeyvStorageLike,
  type MessengerMessage,
  type PageClient,
  type SendAnswer,
  type TemplateMessage,
} from '../../src';

/**
 * What the public types let pass and what not: `npm run typecheck` fails when a line below an expected error compiles,
 * or a line without one does not. Nothing of it is run.
 */
describe('the public types', () => {
  it('are checked by the compiler', () => {
    expectTypeOf([helpers, payloads, messages, stores, events]).toBeArray();
  });
});

function helpers(bot: BotWorker, message: BotkitMessage, conversation: BotkitConversation): void {
  const more = { content_type: 'text', title: 'More', payload: 'more' };
  const withMore = image('cats/tom.jpg', { quick_replies: [more], tag: 'HUMAN_AGENT' });
  expectTypeOf(withMore).toExtend<AttachmentMessage>();
  expectTypeOf(withMore.tag).toEqualTypeOf<'HUMAN_AGENT'>();
  expectTypeOf(image('cats/tom.jpg')).toExtend<AttachmentMessage>();
  expectTypeOf(media('cats/tom.jpg')).toExtend<TemplateMessage>();
  void bot.reply(message, withMore);
  void bot.say(media('tour.mp4', { buttons: [{ type: 'postback', title: 'More', payload: 'more' }] }));
  conversation.say(withMore).say(media('cats/tom.jpg'));
  void file(Buffer.alloc(1), { filename: 'Ticket.pdf', is_reusable: false });
  expectTypeOf<Blob>().toExtend<Filedata>();
  expectTypeOf<File>().toExtend<AttachmentSource>();

  // @ts-expect-error It is a list.
  image('cats/tom.jpg', { quick_replies: 'nope' });
  // @ts-expect-error A quick reply has a title.
  image('cats/tom.jpg', { quick_replies: [{ payload: 'more' }] });
  // @ts-expect-error There is no such tag.
  image('cats/tom.jpg', { tag: 'HUMAN' });
  // @ts-expect-error There is no such messaging type.
  image('cats/tom.jpg', { messaging_type: 'REPLY' });
  // @ts-expect-error A misspelt option.
  file('menu.pdf', { fielname: 'Menu.pdf' });
  // @ts-expect-error A misspelt option beside another one.
  file('menu.pdf', { fielname: 'Menu.pdf', reusable: false });
  // @ts-expect-error A source is needed.
  image();
  // @ts-expect-error A number is no source.
  image(7);
  // @ts-expect-error An ArrayBuffer is no source.
  image(new ArrayBuffer(1));
  // @ts-expect-error There is no such button.
  media('cats/tom.jpg', { buttons: [{ type: 'postbak', title: 'More', payload: 'more' }] });
  // @ts-expect-error A media template takes images and videos.
  media('greeting.mp3', { media_type: 'audio' });
}

function payloads(page: PageClient, cache: FacebookAttachmentCache): void {
  const attachments: Attachment[] = [
    { type: 'image', payload: { url: 'cats/tom.jpg' } },
    { type: 'file', payload: { filedata: Buffer.alloc(1), filename: 'Ticket.pdf' } },
    { type: 'video', payload: { attachment_id: '1857777774821032' } },
  ];
  void cache.warm(attachments, { dryRun: true });
  void page.forget('cats/tom.jpg');

  // @ts-expect-error A misspelt option.
  void cache.warm(attachments, { dryrun: true });
  // @ts-expect-error A misspelt option.
  void cache.list({ pge: '1001' });
  // @ts-expect-error The access token determines the page.
  void page.warm(attachments, { page: '1001' });
  // @ts-expect-error The access token determines the page.
  void page.list({ page: '1001' });
  // @ts-expect-error The access token determines the page.
  void page.forget('cats/tom.jpg', { page: '1001' });
  // @ts-expect-error A misspelt type.
  const misspelt: Attachment = { type: 'imgae', payload: { url: 'cats/tom.jpg' } };
  // @ts-expect-error Two sources.
  const two: Attachment = { type: 'image', payload: { url: 'cats/tom.jpg', filedata: Buffer.alloc(1) } };
  // @ts-expect-error No source.
  const none: Attachment = { type: 'image', payload: {} };
  // @ts-expect-error A misspelt type, in a message.
  void page.send('1', { attachment: { type: 'imgae', payload: { url: 'cats/tom.jpg' } } });
  // @ts-expect-error No source, in a message.
  void page.send('1', { attachment: { type: 'image', payload: { filename: 'tom.jpg' } } });
  attachments.push(misspelt, two, none);
}

function messages(page: PageClient): void {
  expectTypeOf(page.send('1', image('cats/tom.jpg'))).toEqualTypeOf<Promise<SendAnswer>>();
  const message: MessengerMessage = media('cats/tom.jpg', { text: 'This is Tom' });
  void page.send('1', message);
  void page.send({ user_ref: '1' }, { text: 'Hello', quick_replies: [{ content_type: 'user_email' }] });
  void page.send('1', { sender_action: 'typing_on' });

  // @ts-expect-error There is no such sender action.
  void page.send('1', { sender_action: 'typing' });
  // @ts-expect-error There is no such tag.
  void page.send('1', { text: 'Hello', tag: 'HUMAN' });
  // @ts-expect-error A misspelt field.
  void page.send('1', { txet: 'Hello' });
  // @ts-expect-error A person’s ID is a string.
  void page.send(1, { text: 'Hello' });
}

/** As the constructor checks it: see `readOptions`. */
function stores(): NonNullable<AttachmentCacheOptions['store']>[] {
  expectTypeOf<Keyv>().toExtend<KeyvLike>();
  expectTypeOf<Map<string, unknown>>().toExtend<KeyvStorageLike>();
  const method = (): Promise<unknown> => Promise.resolve();
  const incomplete = { get: method, set: method, delete: method };
  const complete = { ...incomplete, clear: method };
  // @ts-expect-error Every Keyv and every storage adapter has `clear`.
  return [complete, incomplete];
}

function events(cache: FacebookAttachmentCache): void {
  cache.on('upload', ({ attachmentId }) => {
    expectTypeOf(attachmentId).toBeString();
  });
  expectTypeOf(cache.on('send', () => undefined).once('error', () => undefined)).toEqualTypeOf(cache);
  void once(cache, 'upload');

  cache.on('error', (error, message) => {
    expectTypeOf(error.page).toEqualTypeOf<string | undefined>();
    expectTypeOf(error.recipient).toBeUnknown();
    expectTypeOf(message?.sentAnyway).toEqualTypeOf<true | undefined>();
  });

  // @ts-expect-error A misspelt event.
  cache.on('uplaod', () => undefined);
  // @ts-expect-error A misspelt event.
  cache.once('erorr', () => undefined);
  // @ts-expect-error An event has no such field.
  cache.on('send', ({ atachmentId }) => String(atachmentId));
}
