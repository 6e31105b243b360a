import { memo } from 'preact/compat';
import { type ThreadMessage } from '../platform/model';
import { Attachment } from './attachment';
import * as format from './format';
import { MessageMenu } from './message-menu';
import { Sender } from './persona';
import { opens } from './route';
import { callsByMessage, messages } from './store';
import { placeOf, summaryOf } from './summary';
import { Template } from './template';

const GAP = 10 * 60 * 1000;

interface MessageProps {
  message: ThreadMessage;
  previous: ThreadMessage | undefined;
  next: ThreadMessage | undefined;
}

export const Message = memo(function Message({ message, previous, next }: MessageProps) {
  const { from, at, unsent, reaction, userReaction } = message;
  const isLate = !previous || at - previous.at > GAP;
  const isLast = next?.from !== from;
  return (
    <>
      {isLate && (
        <p class="time">
          <time dateTime={new Date(at).toISOString()}>
            {format.day(at)}, {format.messageTime(at)}
          </time>
        </p>
      )}
      <article class={`message from-${from} ${isLast ? 'is-last' : ''}`}>
        <span class="hidden">{from === 'user' ? 'You wrote' : 'The bot sent'}</span>
        <Sender message={message} previous={previous} />
        <Replied message={message} />
        {unsent ? <p class="bubble is-unsent">Unsent</p> : <Content message={message} />}
        {userReaction !== undefined && <p class="how">You reacted: {userReaction}</p>}
        {reaction !== undefined && <p class="how">The bot reacted: {reaction}</p>}
        <HowSent message={message} />
        <MessageMenu message={message} />
      </article>
    </>
  );
});

function Content({ message }: { message: ThreadMessage }) {
  const { text, attachments, template, location, sticker_id: sticker } = message;
  return (
    <>
      {text !== undefined && <p class="bubble">{text}</p>}
      {template === undefined ? (
        attachments.map((attachment) => <Attachment key={attachment.sha256} attachment={attachment} />)
      ) : (
        <Template message={message} />
      )}
      {sticker !== undefined && <Sticker id={String(sticker)} />}
      {location && (
        <p class="bubble">
          Location: {placeOf(location)} ({location.lat}, {location.long})
        </p>
      )}
    </>
  );
}

/** A stand-in: the pictures of real stickers are Facebook's. */
function Sticker({ id }: { id: string }) {
  return (
    <img
      class="sticker"
      src={`/_sim/stickers/${encodeURIComponent(id)}`}
      alt={`Sticker ${id}`}
      width="96"
      height="96"
    />
  );
}

/** The message that this one replies to. */
function Replied({ message: { reply_to: mid } }: { message: ThreadMessage }) {
  const replied = mid === undefined ? undefined : messages.value.find((one) => one.mid === mid);
  if (!replied) return null;
  return <p class="replied">Replies to: {summaryOf(replied)}</p>;
}

/** Beside an attachment: how it went over the wire, and the call to open. */
function HowSent({ message: { mid, from, attachments } }: { message: ThreadMessage }) {
  if (from !== 'page' || attachments.length === 0) return null;
  const call = callsByMessage.value.get(mid);
  if (!call) return null;
  const isById = call.purpose === 'send-id' || call.purpose === 'send-template';
  return (
    <a class={isById ? 'how is-by-id' : 'how'} {...opens({ tab: 'calls', call: call.number })}>
      {isById ? 'by ID' : 'one step'} · {format.bytes(call.bytes)}
      <span class="hidden">, open call {call.number}</span>
    </a>
  );
}

/** Quick replies that send what the person's profile has, whatever title the bot gave them. */
const CONTACTS: ReadonlyMap<string, string> = new Map([
  ['user_email', 'Your email address'],
  ['user_phone_number', 'Your phone number'],
]);

/** What stands in a message was written by a bot: it may be anything. */
export function quickReplies(value: unknown): { title: string; payload: string }[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((reply: unknown) => {
    if (typeof reply !== 'object' || reply === null) return [];
    const { title, payload, content_type: kind } = reply as Record<string, unknown>;
    if (typeof kind !== 'string') return [];
    const contact = CONTACTS.get(kind);
    if (contact !== undefined) return [{ title: contact, payload: kind }];
    const name = typeof title === 'string' && title !== '' ? title : kind;
    return [{ title: name, payload: typeof payload === 'string' && payload !== '' ? payload : name }];
  });
}
