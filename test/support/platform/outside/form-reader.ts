/** More than any field that is not a file needs. */
const FIELD_LIMIT = 1024 * 1024;

const HEADERS_END = Buffer.from('\r\n\r\n');

interface FormPart {
  readonly name: string;
  /** Undefined: a plain field. */
  readonly filename: string | undefined;
}

/**
 * Reads `multipart/form-data` as it arrives: keeps its fields, and counts the bytes of its files without keeping them.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7578
 */
export class FormReader {
  readonly fields = new Map<string, string>();
  /** How many files it has held so far. */
  files = 0;
  /** Of all its files. */
  fileBytes = 0;
  /** It has ended as a form must. Otherwise something was cut off. */
  isComplete = false;

  readonly #delimiter: Buffer;
  // The first delimiter has no line before it.
  #rest: Buffer = Buffer.from('\r\n');
  #part: FormPart | undefined;
  #isPreamble = true;
  #field: Buffer[] = [];
  #fieldBytes = 0;

  constructor(contentType: string) {
    const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
    const boundary = quoted ?? plain;
    if (boundary === undefined) throw new Error('a form without a boundary');
    this.#delimiter = Buffer.from(`\r\n--${boundary}`);
  }

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (!this.isComplete && (this.#part || this.#isPreamble ? this.#readBody() : this.#readHeaders()));
  }

  /** Returns whether there may be more to read. */
  #readBody(): boolean {
    const end = this.#rest.indexOf(this.#delimiter);
    // What could be the beginning of a delimiter stays.
    const length = end >= 0 ? end : Math.max(0, this.#rest.length - this.#delimiter.length + 1);
    this.#take(this.#rest.subarray(0, length));
    if (end < 0) {
      this.#rest = this.#rest.subarray(length);
      return false;
    }
    this.#rest = this.#rest.subarray(end + this.#delimiter.length);
    this.#endPart();
    return true;
  }

  #take(bytes: Buffer): void {
    if (!this.#part) return;
    if (this.#part.filename !== undefined) {
      this.fileBytes += bytes.length;
      return;
    }
    this.#fieldBytes += bytes.length;
    if (this.#fieldBytes > FIELD_LIMIT) throw new Error(`the field ${this.#part.name} is too long`);
    this.#field.push(Buffer.from(bytes));
  }

  #endPart(): void {
    if (this.#part && this.#part.filename === undefined) {
      this.fields.set(this.#part.name, Buffer.concat(this.#field).toString());
    }
    this.#isPreamble = false;
    this.#part = undefined;
    this.#field = [];
    this.#fieldBytes = 0;
  }

  #readHeaders(): boolean {
    if (this.#rest.length < 2) return false;
    if (this.#rest.toString('latin1', 0, 2) === '--') {
      this.isComplete = true;
      return false;
    }
    const end = this.#rest.indexOf(HEADERS_END);
    if (end < 0) return false;
    const headers = this.#rest.toString('utf8', 0, end);
    this.#rest = this.#rest.subarray(end + HEADERS_END.length);
    // The body of an empty part is followed by the delimiter at once.
    const [, name = ''] = /[\s;]name="([^"]*)"/i.exec(headers) ?? [];
    const [, filename] = /filename="([^"]*)"/i.exec(headers) ?? [];
    this.#part = { name, filename };
    if (filename !== undefined) this.files += 1;
    return true;
  }
}
