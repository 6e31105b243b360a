import { Fragment } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { type ThreadMessage } from '../platform/model';
import { Composer } from './composer';
import { EntryPoints } from './entry-points';
import { useDroppedFiles } from './files';
import * as format from './format';
import { Icon } from './icons';
import { Message, quickReplies } from './message';
import { Avatar, nameOf, PersonChoice } from './people';
import { route } from './route';
import { act, say } from './say';
import { SendLine } from './send-line';
import { sendsToShow } from './sends';
import { messages, page, status, thread } from './store';
import { useFollowing } from './use-following';

export function Chat() {
  const { user } = route.value;
  const { isOver, ...drop } = useDroppedFiles();
  return (
    <section
      class={isOver ? 'chat is-drop-target' : 'chat'}
      {...drop}
      aria-label={`Chat of ${nameOf(user)} and ${page.value?.name ?? ''}`}
    >
      <header class="chat-head">
        <Avatar user={user} />
        <h2>{nameOf(user)}</h2>
        <span class="to">writes to {page.value?.name}</span>
        <PersonChoice />
      </header>
      <Log key={`${page.value?.id ?? ''}:${user}`} />
      <PassedOn />
      <Composer />
    </section>
  );
}

function Log() {
  const log = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const { isFollowing, onScroll, toEnd } = useFollowing(log, content);
  const shown = messages.value;
  const last = shown.findLast(({ from }) => from === 'user');
  // One's own message is always shown, wherever one was reading.
  useLayoutEffect(() => {
    if (last !== undefined) toEnd();
  }, [last?.mid]);
  const isTyping = thread.value?.typing ?? false;
  const earlier = (thread.value?.count ?? 0) - shown.length;
  const sends = sendsToShow.value;
  return (
    <div class="log-frame">
      <div
        class={isFollowing ? 'log is-following' : 'log'}
        role="log"
        aria-label="Messages"
        tabIndex={0}
        ref={log}
        onScroll={onScroll}
      >
        <div class="log-content" ref={content}>
          {shown.length === 0 && <Empty />}
          {earlier > 0 && shown.length > 0 && (
            <p class="note">{format.plural(earlier, 'earlier message')} not shown</p>
          )}
          {sends.get('')?.map((send) => (
            <SendLine key={send.call.number} send={send} />
          ))}
          {shown.map((message, at) => (
            <Fragment key={message.mid}>
              <Message message={message} previous={shown[at - 1]} next={shown[at + 1]} />
              {(message === last || message.delivery?.delivered === false) && <State message={message} />}
              {sends.get(message.mid)?.map((send) => (
                <SendLine key={send.call.number} send={send} />
              ))}
            </Fragment>
          ))}
          {isTyping && <Typing />}
          <QuickReplies message={shown.at(-1)} />
        </div>
      </div>
      {!isFollowing && (
        <button type="button" class="to-end" onClick={toEnd}>
          To the last message
        </button>
      )}
    </div>
  );
}

/** While another app has the thread, the bot hears the person in standby only, and cannot write. */
function PassedOn() {
  const { owner } = thread.value ?? {};
  if (owner === undefined) return null;
  return (
    <p class="passed-on">
      <span>The bot has passed this thread to app {owner}.</span>
      <button type="button" onClick={() => void act({ type: 'hand_back' })}>
        Pass it back
      </button>
    </p>
  );
}

function Empty() {
  const { webhook } = status.value ?? {};
  return (
    <div class="empty">
      <Avatar user={route.value.user} />
      <p>
        <b>{nameOf(route.value.user)}</b> has not written to {page.value?.name} yet.
      </p>
      <p>
        {webhook === undefined
          ? 'No bot listens: start the simulator with --webhook and the address of your bot.'
          : 'Write something below, “help” perhaps, and the bot at '}
        {webhook !== undefined && <code>{webhook}</code>}
        {webhook !== undefined && ' hears it.'}
      </p>
      <EntryPoints />
    </div>
  );
}

function Typing() {
  return (
    <p class="typing">
      <span class="hidden">The bot is typing</span>
      <i />
      <i />
      <i />
    </p>
  );
}

/** What became of something that the user wrote. */
function State({ message: { text = '', payload, delivery } }: { message: ThreadMessage }) {
  if (!delivery) return <p class="state">Sending…</p>;
  if (delivery.delivered) return <p class="state">{thread.value?.seen ? 'Seen' : 'Delivered'}</p>;
  return (
    <p class="state is-failed">
      <Icon name="warn" />
      <span>
        Not delivered: {delivery.error}{' '}
        {text !== '' && (
          <button
            type="button"
            class="link"
            onClick={() => void say({ text, ...(payload !== undefined && { payload }) })}
          >
            Try again
          </button>
        )}
      </span>
    </p>
  );
}

function QuickReplies({ message }: { message: ThreadMessage | undefined }) {
  const replies = message?.from === 'page' ? quickReplies(message.quick_replies) : [];
  if (replies.length === 0) return null;
  return (
    <div class="quick-replies" role="group" aria-label="Quick replies">
      {replies.map(({ title, payload }, at) => (
        <button
          key={at}
          type="button"
          onClick={() => {
            void say({ text: title, payload });
            document.getElementById('composer')?.focus(); // The button goes.
          }}
        >
          {title}
        </button>
      ))}
    </div>
  );
}
