import { useSignal } from '@preact/signals';
import { useId, useRef } from 'preact/hooks';
import { type PersonEvent } from '../platform/model';
import { EntryPoints, hasMenu, Menu } from './entry-points';
import { route } from './route';
import { act, say, sendFiles } from './say';
import { page } from './store';

/** Two of those that everybody knows, and one more. */
const STICKERS = ['369239263222822', '144884865685780', '126361874215276'];
const LOCATION = { lat: 48.8584, long: 2.2945, title: 'Eiffel Tower' };

interface MoreToSendProps {
  close: () => void;
}

/** What else a person can send, tap and do. Closes when files were picked. */
export function MoreToSend({ close }: MoreToSendProps) {
  const { user } = route.value;
  return (
    <div class="more-to-send" role="group" aria-label="More to send">
      <label class="file-button">
        Files
        <input
          type="file"
          multiple
          class="hidden"
          onChange={({ currentTarget }) => {
            void sendFiles([...(currentTarget.files ?? [])]);
            close();
          }}
        />
      </label>
      {STICKERS.map((sticker) => (
        <button
          key={sticker}
          type="button"
          class="sticker-button"
          aria-label={`Sticker ${sticker}`}
          onClick={() => void say({ sticker })}
        >
          <img src={`/_sim/stickers/${sticker}`} alt="" width="24" height="24" />
        </button>
      ))}
      <button type="button" onClick={() => void say({ location: LOCATION })}>
        Location
      </button>
      <button type="button" onClick={() => void act({ type: 'read' })}>
        Read all
      </button>
      <EventWithText
        label="m.me link"
        field="ref of the m.me link"
        placeholder="ref"
        event={(ref) => ({ type: 'referral', ref })}
      />
      <EventWithText
        label="Opt-in"
        field="ref of the opt-in"
        placeholder="ref"
        event={(ref) => ({ type: 'optin', ref })}
      />
      <EventWithText
        label="Link account"
        field="authorization code"
        placeholder="code"
        event={(authorizationCode) => ({ type: 'link_account', authorizationCode })}
      />
      <button type="button" onClick={() => void act({ type: 'unlink_account' })}>
        Unlink account
      </button>
      {hasMenu() && <Menu />}
      <EntryPoints />
      <a
        href={`/_sim/threads/${page.value?.id ?? ''}/${user}/transcript`}
        download={`transcript-${user}.json`}
      >
        Save transcript
      </a>
    </div>
  );
}

interface EventWithTextProps {
  /** Of the button. */
  label: string;
  /** What the text is. */
  field: string;
  placeholder: string;
  event: (text: string) => PersonEvent;
}

/** The `ref` of a link or of an opt-in, the authorization code of a login. */
function EventWithText({ label, field, placeholder, event }: EventWithTextProps) {
  const input = useRef<HTMLInputElement>(null);
  const isMissing = useSignal(false);
  const problemId = useId();
  const send = () => {
    const text = input.current?.value.trim() ?? '';
    isMissing.value = text === '';
    if (isMissing.value) input.current?.focus();
    else void act(event(text));
  };
  return (
    <span class="event-with-text">
      <input
        ref={input}
        placeholder={placeholder}
        aria-label={field}
        aria-invalid={isMissing.value}
        aria-describedby={isMissing.value ? problemId : undefined}
        title={field}
        size={6}
        onInput={() => (isMissing.value = false)}
        onKeyDown={(submit) => {
          if (submit.key !== 'Enter') return;
          submit.preventDefault(); // It would send what is written in the message field.
          send();
        }}
      />
      <button type="button" onClick={send}>
        {label}
      </button>
      {isMissing.value && (
        <span id={problemId} class="problem" role="alert">
          Enter the {field}.
        </span>
      )}
    </span>
  );
}
