import { useSignal } from '@preact/signals';
import { type ThreadMessage } from '../platform/model';
import { Icon } from './icons';
import { replyingTo } from './replying';
import { act } from './say';

/** Those that Messenger offers, in the names that the webhook has for them. */
const REACTIONS = [
  ['❤️', 'Love'],
  ['😆', 'Smile'],
  ['😮', 'Wow'],
  ['😢', 'Sad'],
  ['😠', 'Angry'],
  ['👍', 'Like'],
  ['👎', 'Dislike'],
] as const;

/** What a person can do with a message: react, reply, take it back. Made when it is opened: there are many messages. */
export function MessageMenu({ message }: { message: ThreadMessage }) {
  const isOpen = useSignal(false);
  if (message.unsent) return null;
  const close = () => (isOpen.value = false);
  return (
    <details
      class="message-menu"
      name="message-menu"
      open={isOpen.value}
      onToggle={({ currentTarget }) => (isOpen.value = currentTarget.open)}
      onKeyDown={({ key }) => {
        if (key === 'Escape') close();
      }}
    >
      <summary aria-label="React, reply and more">
        <Icon name="dots" />
      </summary>
      {isOpen.value && <Choices message={message} close={close} />}
    </details>
  );
}

function Choices({ message, close }: { message: ThreadMessage; close: () => void }) {
  const { mid, from, userReaction } = message;
  const choose = (work: () => void) => () => {
    close();
    work();
  };
  return (
    <div class="message-choices">
      {REACTIONS.map(([emoji, name]) => {
        const isChosen = userReaction === emoji;
        const action = isChosen
          ? ({ type: 'unreact', mid } as const)
          : ({ type: 'react', mid, emoji } as const);
        return (
          <button
            key={emoji}
            type="button"
            aria-label={name}
            aria-pressed={isChosen}
            onClick={choose(() => void act(action))}
          >
            {emoji}
          </button>
        );
      })}
      <button
        type="button"
        onClick={choose(() => {
          replyingTo.value = message;
          document.getElementById('composer')?.focus();
        })}
      >
        Reply
      </button>
      {from === 'user' && (
        <button type="button" onClick={choose(() => void act({ type: 'unsend', mid }))}>
          Unsend
        </button>
      )}
    </div>
  );
}
