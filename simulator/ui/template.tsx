import { useSignal } from '@preact/signals';
import { type ThreadMessage } from '../platform/model';
import { Attachment } from './attachment';
import { Json } from './json';
import { route } from './route';
import { act, say } from './say';
import { page } from './store';

type Fields = Record<string, unknown>;

/** A template as Messenger shows it: cards with buttons. What is not drawn here is shown as it came. */
export function Template({ message }: { message: ThreadMessage }) {
  const { template: payload, attachments, mid } = message;
  const { template_type: kind, text, elements, buttons, image_aspect_ratio: ratio } = fields(payload);
  if (kind === 'media') {
    const [element] = list(elements);
    return (
      <div class="card">
        {attachments.map((attachment) => (
          <Attachment key={attachment.sha256} attachment={attachment} />
        ))}
        {attachments.length === 0 && <Elsewhere url={string(fields(element)['url'])} />}
        <Buttons buttons={fields(element)['buttons']} />
      </div>
    );
  }
  if (kind === 'button') {
    return (
      <div class="card">
        <p class="card-text">{string(text)}</p>
        <Buttons buttons={buttons} />
      </div>
    );
  }
  if (kind === 'generic') {
    return (
      <div class="cards" role="group" aria-label="Cards" tabIndex={0}>
        {list(elements).map((element, at) => (
          <Card key={at} element={fields(element)} mid={mid} isSquare={ratio === 'square'} />
        ))}
      </div>
    );
  }
  return (
    <details class="card card-text">
      <summary>Template: {string(kind)}</summary>
      <Json value={payload} label="The template" />
    </details>
  );
}

/** What a template says first, for a line that stands for it. */
export function titleOf(payload: unknown): string {
  const { template_type: kind, text, elements } = fields(payload);
  return string(text) || string(fields(list(elements)[0])['title']) || string(kind);
}

function Card({ element, mid, isSquare }: { element: Fields; mid: string; isSquare: boolean }) {
  const { title, subtitle, image_url: image, buttons } = element;
  return (
    <div class="card">
      {image !== undefined && (
        <Picture url={string(image)} title={string(title)} mid={mid} isSquare={isSquare} />
      )}
      <p class="card-text">
        <b>{string(title)}</b>
        {string(subtitle)}
      </p>
      <Buttons buttons={buttons} />
    </div>
  );
}

interface PictureProps {
  url: string;
  /** Of the card. */
  title: string;
  mid: string;
  isSquare: boolean;
}

/** Fetched by the simulator: this page asks nobody else. What cannot be fetched is a link. */
function Picture({ url, title, mid, isSquare }: PictureProps) {
  const isMissing = useSignal(false);
  if (isMissing.value) return <Elsewhere url={url} />;
  return (
    <img
      class={isSquare ? 'picture is-square' : 'picture'}
      src={pictureAddress(mid, url)}
      alt={`Picture: ${title}`}
      onError={() => (isMissing.value = true)}
    />
  );
}

/** Where the simulator shows a picture that a message of the open thread names by its address. */
export function pictureAddress(mid: string, url: string): string {
  const query = new URLSearchParams({ url }).toString();
  return `/_sim/threads/${page.value?.id ?? ''}/${route.value.user}/pictures/${mid}?${query}`;
}

/** This page asks nobody but the simulator for anything: what is on the web stays there until it is opened. */
function Elsewhere({ url }: { url: string }) {
  return (
    <p class="elsewhere">
      <Web url={url}>{url}</Web>
    </p>
  );
}

function Buttons({ buttons }: { buttons: unknown }) {
  const all = list(buttons).map(fields);
  if (all.length === 0) return null;
  return (
    <div class="buttons">
      {all.map((button, at) => (
        <Button key={at} button={button} />
      ))}
    </div>
  );
}

function Button({ button }: { button: Fields }) {
  const [title, payload, url] = [string(button['title']), string(button['payload']), string(button['url'])];
  if (button['type'] === 'postback') {
    return (
      <button
        type="button"
        onClick={() => void say({ text: title, payload: payload || title, postback: true })}
      >
        {title}
      </button>
    );
  }
  if (button['type'] === 'web_url') return <Web url={url}>{title}</Web>;
  // Messenger gives these two their titles.
  if (button['type'] === 'account_link') {
    const query = new URLSearchParams({ page: page.value?.id ?? '', user: route.value.user, url }).toString();
    return (
      <a href={`/_sim/account_linking/start?${query}`} target="_blank" rel="noopener noreferrer">
        Log In
      </a>
    );
  }
  if (button['type'] === 'account_unlink') {
    return (
      <button type="button" onClick={() => void act({ type: 'unlink_account' })}>
        Log Out
      </button>
    );
  }
  return <span title={payload}>{title || string(button['type'])}</span>;
}

/** A link, if it is one that cannot run anything here. */
function Web({ url, children }: { url: string; children: string }) {
  if (!/^https?:\/\//i.test(url)) return <span>{children}</span>;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function string(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
