import express, { type Request, type RequestHandler, type Response } from 'express';
import multer from 'multer';
import { type CallPurpose, type GraphCall } from '../platform/call-log';
import { isNestedWithin, isObject, MAX_DEPTH } from '../base/check';
import { problemOf } from '../base/thrown';
import { sha256Of } from '../platform/content';
import { type BodyBudget } from './body-budget';
import {
  attachmentTooLarge,
  bodyTooLarge,
  type GraphError,
  invalidParameter,
  wrongFileCount,
} from './errors';
import { MAX_BYTES } from './fetch-url';
import { type IncomingFile } from '../platform/model';

/** Of JSON, of a form, and of each field of a multipart body. */
const MAX_FIELD_BYTES = 5 * 1024 * 1024;
/** Of a whole body: a file, or those of a batch. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const MAX_PARTS = 100;

/** A call of the Graph API, read. */
export interface GraphRequest {
  method: string;
  path: string;
  /** Of the path, without the version: ['me', 'messages']. */
  segments: string[];
  /** From query, body and form fields alike, as the Graph API takes them. */
  params: Record<string, unknown>;
  /** The form's files by their fields: `filedata`, and in a batch any. */
  files: Map<string, IncomingFile>;
  token?: string;
  proof?: string;
}

const readJson = express.json({ limit: MAX_FIELD_BYTES });
// Without a content type, a body is a form.
const readForm = express.urlencoded({
  extended: true,
  limit: MAX_FIELD_BYTES,
  type: (req) => req.headers['content-type'] === undefined || /urlencoded/.test(req.headers['content-type']),
});
const readMultipart = multer({
  limits: {
    fileSize: MAX_BYTES,
    fieldSize: MAX_FIELD_BYTES,
    fields: MAX_PARTS,
    files: MAX_PARTS,
    parts: MAX_PARTS,
    fieldNameSize: 200,
    fieldNestingDepth: 10,
    fieldArrayIndexLimit: 100,
  },
  defParamCharset: 'utf8',
}).any();

export function kindOf(req: Request): GraphCall['kind'] {
  if (req.method === 'GET') return 'get';
  if (req.is('multipart/form-data')) return 'multipart';
  return req.is('urlencoded') || req.headers['content-type'] === undefined ? 'form' : 'json';
}

/** Reads the body; counts in `call` how much of it arrived. Throws a `GraphError` for what cannot be read. */
export async function readRequest(
  req: Request,
  res: Response,
  call: GraphCall,
  budget: BodyBudget,
): Promise<GraphRequest> {
  const release = await budget.reserve(sizeOf(req));
  try {
    await readBody(req, res, call);
  } finally {
    release();
  }
  const fields = isObject(req.body) ? req.body : {};
  const request = requestOf(req.method, req.path, {
    access_token: bearerToken(req),
    ...req.query,
    ...fields,
  });
  const files = Array.isArray(req.files) ? req.files : [];
  for (const file of files) {
    if (request.files.has(file.fieldname)) throw wrongFileCount();
    request.files.set(file.fieldname, incoming(file));
  }
  const other = [...request.files.keys()].find((name) => name !== 'filedata');
  if (other !== undefined && request.params['batch'] === undefined) {
    throw wrongFileCount();
  }
  return request;
}

/** What a method, a path and parameters ask for. Throws a `GraphError` if they are nested too deeply to be logged. */
export function requestOf(method: string, path: string, given: Record<string, unknown>): GraphRequest {
  const { access_token: token, appsecret_proof: proof, ...params } = given;
  const segments = path.split('/').filter((segment) => segment !== '');
  if (segments[0] !== undefined && isVersion(segments[0])) segments.shift();
  const entries = Object.entries(params).map(([name, value]): [string, unknown] => [name, decoded(value)]);
  const deep = entries.find(([, value]) => !isNestedWithin(value));
  if (deep) throw invalidParameter(`Param ${deep[0]} must not be nested more than ${MAX_DEPTH} levels deep`);
  return {
    method,
    path,
    segments,
    params: Object.fromEntries(entries),
    files: new Map(),
    ...(typeof token === 'string' && { token }),
    ...(typeof proof === 'string' && { proof }),
  };
}

/** At most. A body that does not say how long it is may be as long as any. */
function sizeOf(req: Request): number {
  const { 'content-length': length, 'transfer-encoding': encoding } = req.headers;
  if (encoding !== undefined) return MAX_BODY_BYTES;
  return Math.min(Number(length ?? 0), MAX_BODY_BYTES);
}

async function readBody(req: Request, res: Response, call: GraphCall): Promise<void> {
  const tooLong = new Promise<never>((_resolve, reject) => {
    req.on('data', (chunk: Buffer) => {
      call.bytes += chunk.length;
      if (call.bytes > MAX_BODY_BYTES) reject(hasFile(req) ? attachmentTooLarge() : bodyTooLarge());
    });
  });
  const handler = call.kind === 'multipart' ? readMultipart : call.kind === 'form' ? readForm : readJson;
  try {
    await Promise.race([run(handler, req, res), tooLong]);
  } catch (error) {
    await throwRestAway(req);
    throw error;
  }
}

/** multer lists a file as soon as it begins. */
function hasFile({ files }: Request): boolean {
  return Array.isArray(files) && files.length > 0;
}

/** Many clients read no answer before they have sent everything. */
async function throwRestAway(req: Request): Promise<void> {
  if (req.readableEnded || req.destroyed) return;
  req.unpipe().resume();
  await new Promise<void>((resolve) => req.once('end', resolve).once('close', resolve));
}

/** What the call asks for. Says nothing about whether it will get it. */
export function purposeOf({ method, segments, params, files }: GraphRequest): CallPurpose {
  const [, edge] = segments;
  const file = files.get('filedata');
  if (method === 'POST' && edge === undefined && params['batch'] !== undefined) return 'batch';
  if (edge === 'messenger_profile') return 'profile';
  if (method === 'GET') return 'read';
  const message = isObject(params['message']) ? params['message'] : {};
  const attachment = isObject(message['attachment']) ? message['attachment'] : undefined;
  if (edge === 'message_attachments') return file ? 'upload-file' : 'upload-url';
  if (edge !== 'messages') return 'other';
  if (file) return 'send-file';
  if (message['attachments'] !== undefined) return 'send-images';
  if (attachment?.['type'] === 'template' || message['template'] !== undefined) return 'send-template';
  if (attachment) {
    const payload = isObject(attachment['payload']) ? attachment['payload'] : {};
    return payload['attachment_id'] === undefined ? 'send-url' : 'send-id';
  }
  if (params['sender_action'] !== undefined) return 'send-action';
  if (message['text'] !== undefined || message['dynamic_text'] !== undefined) return 'send-text';
  return message['sticker_id'] === undefined ? 'other' : 'send-sticker';
}

/** The parameters as the log of calls shows them. */
export function withoutSecrets({ params, files }: GraphRequest): Record<string, unknown> {
  const shownFiles = Array.from(files, ([field, { name, contentType: type, bytes, sha256 }]) => {
    return [field, { name, type, bytes: bytes.length, sha256 }] as const;
  });
  // The operations of a batch are calls of their own in the log, and hold tokens in addresses and bodies.
  const { batch, ...others } = params;
  const operations = Array.isArray(batch) && { batch: `${batch.length} operations` };
  const shown = operations ? { ...others, ...operations } : params;
  return { ...(redacted(shown) as Record<string, unknown>), ...Object.fromEntries(shownFiles) };
}

/** The call's own token and proof are taken out when it is read; a bot may have put them deeper in, too. */
function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'access_token' && name !== 'appsecret_proof')
      .map(([name, inner]) => [name, redacted(inner)]),
  );
}

const run = (handler: RequestHandler, req: Request, res: Response) =>
  new Promise<void>((resolve, reject) => {
    void handler(req, res, (error?: unknown) => {
      if (error === undefined) resolve();
      else reject(readingError(error));
    });
  });

function readingError(error: unknown): GraphError {
  if (error instanceof multer.MulterError) {
    if (error.code === 'LIMIT_FILE_SIZE') return attachmentTooLarge();
  }
  if (isObject(error) && error['type'] === 'entity.too.large') return bodyTooLarge();
  // The documents print an upload "from a file" as JSON with "filedata":"@/path…";"type":…, which is not JSON: it
  // ends here. A file goes as multipart/form-data.
  if (error instanceof SyntaxError) return invalidParameter('The body of the request is not valid JSON');
  return invalidParameter(`The request cannot be read: ${problemOf(error)}`);
}

function bearerToken(req: Request): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(req.headers.authorization ?? '')?.[1];
}

function isVersion(segment: string): boolean {
  return /^v\d+\.\d+$/.test(segment);
}

/** Query, forms and even JSON may carry an object as a string of JSON. */
function decoded(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[{[]/.test(value)) return value;
  return parsed(value) ?? parsed(withDoubleQuotes(value)) ?? value; // Text may begin like JSON. Whoever needs an object says so.
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** reference/send-api prints `recipient={'id':'…'}`. */
function withDoubleQuotes(text: string): string {
  return text.includes('"') ? '' : text.replaceAll("'", '"');
}

function incoming({ buffer, mimetype, originalname }: Express.Multer.File): IncomingFile {
  return {
    bytes: buffer,
    sha256: sha256Of(buffer),
    contentType: mimetype,
    name: originalname,
  };
}
