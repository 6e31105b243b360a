import { inTurn } from './in-turn';
import type * as Undici from 'undici';

/** What stands before the content of a `data:` URI. */
export interface DataUriHead {
  /** The content type, if the URI says one. */
  readonly declared: string | undefined;
  readonly isBase64: boolean;
  /** Where the content begins. */
  readonly length: number;
}

/** Characters: what is decoded at a time. A multiple of four, for base64. */
const PIECE = 256 * 1024;

/** Characters. A content type and its parameters need no more. */
const MAX_HEAD = 64 * 1024;

/** Four letters that are three bytes in base64. */
const PROBE = 'AAAA';

/** URL takes no notice of tabs and line breaks. */
const HOST = /\/[\t\r\n]*\//;

/**
 * What the URI says about its content. undici reads it, with a few letters in place of the content: it would decode all
 * of it in one go.
 *
 * @returns Undefined: it is not valid.
 */
export async function readHead(uri: string): Promise<DataUriHead | undefined> {
  const length = uri.indexOf(',') + 1;
  if (length === 0 || length > MAX_HEAD) return undefined;
  const head = uri.slice(0, length);
  // After two slashes the content is read as the name of a host, and not every character may stand there.
  if (HOST.test(head) && !URL.canParse(uri)) return undefined;
  const { fetch } = require('undici') as typeof Undici;
  const probe = await fetch(head + PROBE).then(
    (response) => response.blob(),
    () => undefined,
  );
  if (!probe) return undefined;
  // Without a type of its own, a data: URI is plain text by its standard; then the content tells more.
  const declared = /^data:[^;,]+\//i.test(head) ? probe.type : undefined;
  return { declared, isBase64: probe.size < PROBE.length, length };
}

/**
 * The content, a piece at a time, without blocking the event loop: as `fetch` has it.
 *
 * @throws {SyntaxError} It is not valid base64.
 * @see https://fetch.spec.whatwg.org/#data-url-processor
 */
export async function* decodeContent(
  uri: string,
  { length, isBase64 }: DataUriHead,
): AsyncGenerator<Uint8Array, void> {
  const end = endOfText(uri, length);
  const percent = new PercentDecoder();
  const base64 = new Base64Decoder();
  for (let from = length, isLast = from === end; !isLast; from += PIECE) {
    const piece = await inTurn(() => {
      const [text = '', fragment] = uri.slice(from, Math.min(from + PIECE, end)).split('#', 2);
      // A fragment does not belong to the content.
      isLast = fragment !== undefined || from + PIECE >= end;
      const bytes = percent.decode(text, isLast);
      return isBase64 ? base64.decode(bytes, isLast) : bytes;
    });
    if (piece.length > 0) yield piece;
  }
}

/** Space at the end of a URI does not belong to it. */
function endOfText(uri: string, from: number): number {
  let end = uri.length;
  while (end > from && uri.charCodeAt(end - 1) <= 0x20) end--;
  return end;
}

/** Turns the text of a URI into bytes. What a piece of text ends with may belong to the next one. */
class PercentDecoder {
  #rest = '';

  decode(piece: string, isLast: boolean): Buffer {
    // Surrogates that only a line break separates must not become one character.
    const text = (this.#rest + piece)
      .replace(/[\uD800-\uDBFF](?=[\t\n\r])/g, '\uFFFD')
      .replace(/[\t\n\r]+/g, '');
    const whole = isLast ? text.length : text.search(/(?:%.?|[\uD800-\uDBFF])$/s);
    this.#rest = whole === -1 ? '' : text.slice(whole);
    return percentDecode(Buffer.from(whole === -1 ? text : text.slice(0, whole)));
  }
}

/** In place. What is no escape stays as it is. */
function percentDecode(bytes: Buffer): Buffer {
  let to = bytes.indexOf('%');
  if (to === -1) return bytes;
  for (let from = to; from < bytes.length; from++) {
    const escaped = bytes[from] === 0x25 ? hexByte(bytes, from + 1) : undefined;
    bytes[to++] = escaped ?? (bytes[from] as number);
    if (escaped !== undefined) from += 2;
  }
  return bytes.subarray(0, to);
}

function hexByte(bytes: Buffer, at: number): number | undefined {
  const high = hexDigit(bytes[at]);
  const low = hexDigit(bytes[at + 1]);
  return high === undefined || low === undefined ? undefined : high * 16 + low;
}

function hexDigit(code = NaN): number | undefined {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined;
}

/** Forgiving Base64 of the web: with white space, and without its padding. */
class Base64Decoder {
  #rest = '';

  decode(piece: Buffer, isLast: boolean): Buffer {
    const text = this.#rest + piece.toString('latin1').replace(/[\t\n\f\r ]+/g, '');
    if (isLast) return decodeBase64(withoutPadding(text));
    // Only the last four characters can hold padding.
    const whole = Math.max(0, text.length - 4) & ~3;
    this.#rest = text.slice(whole);
    return decodeBase64(text.slice(0, whole));
  }
}

function withoutPadding(text: string): string {
  return text.length % 4 === 0 ? text.replace(/={1,2}$/, '') : text;
}

function decodeBase64(text: string): Buffer {
  if (text.length % 4 === 1 || /[^+/0-9A-Za-z]/.test(text)) throw new SyntaxError('It is not valid base64');
  return Buffer.from(text, 'base64');
}
