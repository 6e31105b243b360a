import { Readable } from 'node:stream';
import { FormDataEncoder, type FormDataLike } from 'form-data-encoder';
import { awakeTimer } from '../base/awake-timer';
import { AttachmentError } from '../base/errors';
import { isGiven } from '../base/records';
import type { Dispatcher } from 'undici';

/** Parameters of a call: each becomes a property of the JSON body, or a field of the form. */
export type GraphParams = Readonly<Record<string, unknown>>;

/** What is set here of a dispatcher's options. */
export type RequestOptions = Dispatcher.RequestOptions & { readonly body?: string | Readable };

/** A request's body, and what belongs to it. */
type RequestBody = Pick<RequestOptions, 'headers' | 'body' | 'signal'>;

/** Who hears how the body of a form goes out. */
export interface FormObserver {
  /** A piece was taken. */
  onPiece(): void;
  /** The whole body was taken. */
  onEnd(): void;
}

/** Milliseconds that the next piece of a file may take. */
const READ_TIMEOUT = 30_000;

export function jsonBody(params: GraphParams): RequestBody {
  // Each call has headers of its own, because a proxy's dispatcher adds to them.
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(params) };
}

/**
 * A form whose field `filedata` streams the file. Encoded here, because a dispatcher of another undici takes no form
 * but its own. If the file cannot be read on for 30 s, the body's `signal` breaks the call off with an
 * `AttachmentError`.
 *
 * @param asset - The file as errors name it.
 */
export function formBody(
  params: GraphParams,
  file: File,
  asset: string,
  observer: FormObserver,
): RequestBody {
  const form = new FormDataEncoder(toForm([...toTexts(params), ['filedata', file]]));
  const reading = new AbortController();
  const body = Readable.from(piecesOf(form, asset, reading, observer), { objectMode: false });
  return { headers: { ...form.headers }, body, signal: reading.signal };
}

/** A path with parameters in its query. */
export function withQuery(path: string, params: GraphParams): string {
  const query = new URLSearchParams(toTexts(params)).toString();
  if (query === '') return path;
  return path + (path.includes('?') ? '&' : '?') + query;
}

async function* piecesOf(
  form: FormDataEncoder,
  asset: string,
  reading: AbortController,
  observer: FormObserver,
): AsyncGenerator<Uint8Array, void> {
  // A file on a mount that hangs would keep its call, and the call's place, for ever.
  const breakOff = (): void => {
    reading.abort(
      new AttachmentError('ERR_ATTACHMENT_UNREADABLE', asset, 'reading it made no progress for 30 s'),
    );
  };
  let cancel = awakeTimer(READ_TIMEOUT, breakOff);
  try {
    for (const part of form.values()) {
      for await (const piece of part instanceof Uint8Array ? [part] : part.stream()) {
        cancel();
        observer.onPiece();
        yield piece;
        cancel = awakeTimer(READ_TIMEOUT, breakOff);
      }
    }
    observer.onEnd();
  } finally {
    cancel();
  }
}

/** Parameters as the Graph API takes them in a form or in an address. */
function toTexts(params: GraphParams): [name: string, text: string][] {
  return Object.entries(params)
    .filter(([, value]) => isGiven(value))
    .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]);
}

/**
 * What the encoder takes for a FormData: it asks for these methods, and uses the first one. The global FormData may be a
 * bot's polyfill, which takes no File of Node's.
 */
function toForm(entries: [string, string | File][]): FormDataLike {
  const values = (): ReturnType<FormDataLike['entries']> => entries.values();
  const unused = (): never => {
    throw new TypeError('The form is complete');
  };
  return {
    [Symbol.iterator]: values,
    [Symbol.toStringTag]: 'FormData',
    entries: values,
    append: unused,
    getAll: unused,
  };
}
