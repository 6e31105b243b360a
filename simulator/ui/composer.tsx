import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { lastRequest } from './api';
import { Icon } from './icons';
import { MoreToSend } from './more-to-send';
import { nameOf } from './people';
import { replyingTo } from './replying';
import { route } from './route';
import { say, sendFiles } from './say';
import { page } from './store';
import { summaryOf } from './summary';

export function Composer() {
  const text = useSignal('');
  const isOpen = useSignal(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const moreButton = useRef<HTMLButtonElement>(null);
  const { user, tab } = route.value;
  const pageId = page.value?.id;
  const isFirst = useRef(true);
  // Whoever opens a chat wants to write. On a touch screen a keyboard would cover what they came to read.
  useEffect(() => {
    const isAsked = tab === 'chat' || !isFirst.current;
    isFirst.current = false;
    replyingTo.value = undefined;
    isOpen.value = false;
    if (isAsked && window.matchMedia('(hover: hover)').matches) field.current?.focus();
  }, [user, pageId]);
  const last = lastRequest.value;
  const isOurs = ['say', 'act', 'attachment'].some((path) => last?.request.startsWith(`POST /_sim/${path}`));
  const problem = isOurs ? last?.problem : undefined;
  const replied = replyingTo.value;
  const submit = () => {
    const written = text.value.trim();
    if (written === '') return;
    text.value = '';
    replyingTo.value = undefined;
    void say({ text: written, ...(replied && { replyTo: replied.mid }) }).then((isSaid) => {
      if (!isSaid && text.value === '') text.value = written;
    });
  };
  const closeMore = () => {
    isOpen.value = false;
    moreButton.current?.focus(); // What had the focus goes.
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onKeyDown={({ key }) => {
        if (key === 'Escape' && isOpen.value) closeMore();
      }}
    >
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {isOpen.value && <MoreToSend close={closeMore} />}
      {replied && (
        <p class="replying">
          <span>Replying to: {summaryOf(replied)}</span>
          <button
            type="button"
            class="quiet"
            aria-label="Do not reply"
            onClick={() => (replyingTo.value = undefined)}
          >
            <Icon name="close" />
          </button>
        </p>
      )}
      <button
        type="button"
        ref={moreButton}
        class={isOpen.value ? 'send more is-open' : 'send more'}
        aria-label="More to send"
        aria-expanded={isOpen.value}
        onClick={() => (isOpen.value = !isOpen.value)}
      >
        <Icon name="plus" />
      </button>
      <textarea
        id="composer"
        ref={field}
        rows={1}
        placeholder="Aa"
        aria-label={`Message of ${nameOf(route.value.user)}`}
        value={text.value}
        onInput={({ currentTarget }) => (text.value = currentTarget.value)}
        onPaste={(event) => {
          const files = event.clipboardData?.files;
          if (!files || files.length === 0) return;
          event.preventDefault();
          void sendFiles(files);
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          submit();
        }}
      />
      <button type="submit" class="send" aria-label="Send" disabled={text.value.trim() === ''}>
        <Icon name="send" />
      </button>
    </form>
  );
}
