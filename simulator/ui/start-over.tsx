import { useRef } from 'preact/hooks';
import { post } from './api';
import { status } from './store';

/** It cannot be undone, and concerns everyone: it asks first, and says what stays. */
export function StartOver() {
  const dialog = useRef<HTMLDialogElement>(null);
  const close = () => dialog.current?.close();
  const { bot } = status.value ?? {};
  return (
    <>
      <button type="button" class="danger" onClick={() => dialog.current?.showModal()}>
        Start over…
      </button>
      <dialog ref={dialog} class="dialog" aria-labelledby="start-over">
        <h2 id="start-over">Start over?</h2>
        <p>
          All chats, attachment IDs, calls and faults are gone, and the clock is right again: in every window
          that shows this simulator.
        </p>
        <p>
          <b>The bot is not told.</b> {bot?.store ? 'Its store keeps' : 'It keeps'} the IDs that it knows.
          They mean nothing any more, so each is refused once with 100/2018074 when it is next used, and the
          bot has to recover. To begin with a bot that knows none, restart the bot with an empty store.
        </p>
        <div class="dialog-buttons">
          <button type="button" autofocus onClick={close}>
            Keep everything
          </button>
          <button
            type="button"
            class="danger"
            onClick={() => {
              close();
              void post('/reset');
            }}
          >
            Start over
          </button>
        </div>
      </dialog>
    </>
  );
}
