import fastq, { type queueAsPromised } from 'fastq';
import { LRUCache } from 'lru-cache';
import { AttachmentError, toError } from '../base/errors';
import { inTime, NoAnswerError } from '../base/in-time';
import { isRecord } from '../base/records';
import { redact } from '../base/redact';
import { contentTypeFor } from './content-type';
import { digestOf } from './digest';
import { identifyFiledata, type Filedata } from './filedata';
import { StreamedFile } from './streamed-file';
import { isAttachmentType, type Asset, type AttachmentType, type ReadyContent } from './asset';

/** Content that is about to be uploaded. */
export interface AssetToPrepare {
  /** As in the message. */
  readonly type: AttachmentType;
  /** For log lines: type and path or address, without query string or credentials. */
  readonly asset: string;
  /** Name, content type, size and content. Read it by `stream()` or `arrayBuffer()`. */
  readonly file: File;
}

/** The result of a conversion. Fields that are left out keep their values. */
export interface PreparedAsset {
  /**
   * Another type, for example `file` for content that Facebook accepts only as a file. Media templates accept only
   * images and videos.
   */
  readonly type?: AttachmentType;
  /** Other content: at most 25 MB. */
  readonly filedata?: Filedata;
  /**
   * The name that the recipient sees. Default for other content: the File's name, or the type with a matching
   * extension.
   */
  readonly filename?: string;
}

/** How content is converted before it is uploaded. */
export interface Prepare {
  /** Change it whenever you change `convert`. Everything is then converted and uploaded again. */
  readonly version: string | number;
  /**
   * Called when there is no ID yet, once per content, type and version. At most two calls run at the same time, each
   * for 60 s at most.
   *
   * @returns Undefined: the asset is sent unchanged.
   */
  readonly convert: (asset: AssetToPrepare) => PreparedAsset | undefined | Promise<PreparedAsset | undefined>;
}

/** Milliseconds. */
const CONVERT_TIMEOUT = 60_000;

/** How many conversions are under way at a time: they take a processor, as a rule. */
const AT_A_TIME = 2;

/** How much of what was converted is kept for other pages and further tries, and for how many milliseconds. */
const MOST_KEPT = 100;
const MOST_BYTES = 32 * 1024 * 1024;
const KEPT_FOR = 10 * 60_000;

/**
 * How much content is remembered that needs no conversion, or cannot be converted; the latter for so many milliseconds.
 */
const MOST_REMEMBERED = 1_000;
const FAILURE_TTL = 30_000;

/** Converts assets by the author's `prepare`. What has an ID is never converted. */
export class Preparation {
  readonly #convert: Prepare['convert'];
  /** Of the version. */
  readonly #mark: string;
  readonly #queue: queueAsPromised<() => Promise<ReadyContent>, ReadyContent>;
  readonly #underWay = new Map<string, Promise<ReadyContent>>();
  readonly #ready = new LRUCache<string, ReadyContent>({
    max: MOST_KEPT,
    maxSize: MOST_BYTES,
    sizeCalculation: ({ bytes }) => bytes ?? 1,
    ttl: KEPT_FOR,
    ttlAutopurge: true,
  });

  /** What `convert` has left as it was, or given another type or name only. */
  readonly #unconverted = new LRUCache<string, { readonly prepared: unknown }>({ max: MOST_REMEMBERED });
  readonly #failures = new LRUCache<string, Error>({ max: MOST_REMEMBERED, ttl: FAILURE_TTL });

  constructor({ version, convert }: Prepare) {
    this.#convert = convert;
    this.#mark = `prepared-${digestOf(String(version)).slice(0, 16)}`;
    this.#queue = fastq.promise((work: () => Promise<ReadyContent>) => work(), AT_A_TIME);
  }

  /** The asset, to be converted when it is uploaded. What Facebook fetches stays as it is. */
  apply(asset: Asset): Asset {
    const { file } = asset.content;
    if (!file) return asset;
    return {
      ...asset,
      key: `${asset.key}:${this.#mark}`,
      attempt: `${asset.attempt}:${this.#mark}`,
      prepare: () => this.#prepare(asset, file),
    };
  }

  /** One conversion for all who need it. */
  #prepare(asset: Asset, file: File): Promise<ReadyContent> {
    const { key } = asset;
    const ready = this.#ready.get(key);
    if (ready) return Promise.resolve(ready);
    const unconverted = this.#unconverted.get(key);
    if (unconverted) return toReady(unconverted.prepared, asset, file);
    const failure = this.#failures.get(key);
    if (failure) return Promise.reject(failure);
    let underWay = this.#underWay.get(key);
    if (!underWay) {
      underWay = this.#queue.push(() => this.#run(asset, file));
      this.#underWay.set(key, underWay);
      const end = (): void => {
        this.#underWay.delete(key);
      };
      underWay.then(end, end);
    }
    return underWay;
  }

  async #run(asset: Asset, file: File): Promise<ReadyContent> {
    const { type, label } = asset;
    const source = watched(file);
    try {
      const converting = Promise.resolve(this.#convert({ type, asset: label, file: source.file }));
      const prepared: unknown = await inTime(converting, CONVERT_TIMEOUT);
      const ready = await toReady(prepared, asset, file);
      // What is not converted is read again from where it came.
      if (isRecord(prepared) && prepared.filedata !== undefined) this.#ready.set(asset.key, ready);
      else this.#unconverted.set(asset.key, { prepared });
      return ready;
    } catch (error) {
      if (source.failure) throw source.failure;
      const failure = error instanceof AttachmentError ? error : failed(label, reasonOf(error));
      this.#failures.set(asset.key, failure);
      throw failure;
    }
  }
}

/** The file, and why it could not be read: kept here, because `convert` may throw another error instead. */
function watched(file: File): { readonly file: File; readonly failure: AttachmentError | undefined } {
  let failure: AttachmentError | undefined;
  async function* read(): AsyncGenerator<Uint8Array, void> {
    try {
      for await (const piece of file.stream()) yield piece;
    } catch (error) {
      if (error instanceof AttachmentError) failure = error;
      throw error;
    }
  }
  const { name, type, size } = file;
  return {
    file: new StreamedFile({ name, type, size }, read),
    get failure() {
      return failure;
    },
  };
}

async function toReady(
  prepared: unknown,
  { type: given, label, bytes, content }: Asset,
  file: File,
): Promise<ReadyContent> {
  if (prepared === undefined) return { type: given, content, bytes };
  if (!isRecord(prepared)) throw failed(label, 'did not return an object');
  const { type = given, filedata, filename } = prepared;
  if (!isAttachmentType(type)) throw failed(label, 'returned an unknown `type`');
  if (filename !== undefined && (typeof filename !== 'string' || filename === '')) {
    throw failed(label, 'returned a `filename` that is not a string, or is empty');
  }
  if (filedata === undefined) {
    const name = filename ?? file.name;
    const contentType = contentTypeFor(type, label, new Uint8Array(), {
      declared: file.type,
      filename: name,
    });
    const renamed = new StreamedFile({ name, type: contentType, size: file.size }, () => file.stream());
    return { type, content: { file: renamed }, bytes };
  }
  const converted = await identifyFiledata(type, filedata, filename);
  return { type, content: converted.content, bytes: converted.bytes };
}

function reasonOf(error: unknown): string {
  if (error instanceof NoAnswerError) return `took longer than ${CONVERT_TIMEOUT / 1000} s`;
  return `threw: ${redact(toError(error).message)}`;
}

function failed(label: string, what: string): AttachmentError {
  return new AttachmentError('ERR_ATTACHMENT_PREPARE_FAILED', label, `\`prepare.convert\` ${what}`);
}
