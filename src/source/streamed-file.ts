import { File } from 'node:buffer';
import { ReadableStream } from 'node:stream/web';
import { arrayBuffer, text } from 'node:stream/consumers';

/**
 * A File whose content is made when its stream is read, anew for each stream. One that nobody reads costs nothing: no
 * descriptor, no memory.
 */
export class StreamedFile extends File {
  readonly #pieces: () => AsyncIterable<Uint8Array>;

  constructor(
    { name, type, size }: { readonly name: string; readonly type: string; readonly size: number },
    pieces: () => AsyncIterable<Uint8Array>,
  ) {
    super([], name, { type });
    this.#pieces = pieces;
    // The types make it a property, so that a getter may not override it.
    Object.defineProperty(this, 'size', { value: size });
  }

  override stream(): ReadableStream<Uint8Array> {
    return ReadableStream.from(this.#pieces());
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return arrayBuffer(this.stream());
  }

  override text(): Promise<string> {
    return text(this.stream());
  }

  /** Not supported: it would have to read the file up to there. */
  override slice(): never {
    throw new Error('Cannot slice a file that is streamed: read its stream()');
  }
}
