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
      <Ref label="m.me link" event={(ref) => ({ type: 'referral', ref })} />
      <Ref label="Opt-in" event={(ref) => ({ type: 'optin', ref })} />
      <Ref label="Link account" event={(code) => ({ type: 'link_account', authorizationCode: code })} />
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

/** What comes with a word: the `ref` of a link or of an opt-in, the code of a login. */
function Ref({ label, event }: { label: string; event: (word: string) => PersonEvent }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <span class="ref">
      <input ref={field} value="ref" aria-label={`What comes with it: ${label}`} size={6} />
      <button
        type="button"
        onClick={() => {
          const word = field.current?.value.trim() ?? '';
          if (word !== '') void act(event(word));
        }}
      >
        {label}
      </button>
    </span>
  );
}
