import { useRef } from 'preact/hooks';
import { type PersonEvent } from '../platform/model';
import { EntryPoints, hasMenu, Menu } from './entry-points';
import { route } from './route';
import { act, say, sendFiles } from './say';
import { page } from './store';

/** Two of those that everybody knows, and one more. */
const STICKERS = ['369239263222822', '144884865685780', '126361874215276'];
const LOCATION = { lat: 48.8584, long: 2.2945, title: 'Eiffel Tower' };

/** What else a person can send, tap and do. */
export function MoreToSend() {
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
            currentTarget.value = '';
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
        example="ref"
        event={(ref) => ({ type: 'referral', ref })}
      />
      <EventWithText
        label="Opt-in"
        field="ref of the opt-in"
        example="ref"
        event={(ref) => ({ type: 'optin', ref })}
      />
      <EventWithText
        label="Link account"
        field="Authorization code"
        example="code"
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
  example: string;
  event: (text: string) => PersonEvent;
}

/** The `ref` of a link or of an opt-in, the authorization code of a login. */
function EventWithText({ label, field, example, event }: EventWithTextProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <span class="event-with-text">
      <input ref={input} defaultValue={example} aria-label={field} title={field} size={6} />
      <button
        type="button"
        onClick={() => {
          const text = input.current?.value.trim() ?? '';
          if (text !== '') void act(event(text));
        }}
      >
        {label}
      </button>
    </span>
  );
}
