import express, { type Request, type RequestHandler, type Response } from 'express';
import multer from 'multer';
import { type CallPurpose, type GraphCall } from '../platform/call-log';
import { isObject } from '../base/check';
import { sha256Of } from '../platform/content';
import { attachmentTooLarge, type GraphError, invalidParameter } from './errors';
import { MAX_BYTES } from './fetch-url';
import { type IncomingFile } from '../platform/model';

const MAX_FIELDS_BYTES = 5 * 1024 * 1024;

/** A call of the Graph API, read. */
export interface GraphRequest {
  method: string;
  /** Without the version: ['me', 'messages']. */
  segments: string[];
  /** From query, body and form fields alike, as the Graph API takes them. */
  params: Record<string, unknown>;
  /** The form's `filedata`. */
  file?: IncomingFile;
  token?: string;
  proof?: string;
}

const readJson = express.json({ limit: MAX_FIELDS_BYTES });
const readForm = express.urlencoded({ extended: true, limit: MAX_FIELDS_BYTES });
const readMultipart = multer({
  limits: {
    fileSize: MAX_BYTES,
    fieldSize: MAX_FIELDS_BYTES,
    fieldNestingDepth: 10,
    fieldArrayIndexLimit: 100,
  },
  defParamCharset: 'utf8',
}).single('filedata');

export function kindOf(req: Request): GraphCall['kind'] {
  if (req.method === 'GET') return 'get';
  if (req.is('multipart/form-data')) return 'multipart';
  return req.is('urlencoded') ? 'form' : 'json';
}

/** Reads the body; counts in `call` how much of it arrived. Throws a `GraphError` for what cannot be read. */
export async function readRequest(req: Request, res: Response, call: GraphCall): Promise<GraphRequest> {
  req.on('data', (chunk: Buffer) => (call.bytes += chunk.length));
  await run(call.kind === 'multipart' ? readMultipart : call.kind === 'form' ? readForm : readJson, req, res);
  const {
    access_token: token = bearerToken(req),
    appsecret_proof: proof,
    ...params
  } = { ...req.query, ...(isObject(req.body) && req.body) };
  return {
    method: req.method,
    segments: req.path
      .split('/')
      .filter((segment, at) => segment !== '' && !(at === 1 && isVersion(segment))),
    params: Object.fromEntries(Object.entries(params).map(([name, value]) => [name, decoded(value)])),
    ...(req.file && { file: incoming(req.file) }),
    ...(typeof token === 'string' && { token }),
    ...(typeof proof === 'string' && { proof }),
  };
}

/** What the call asks for. Says nothing about whether it will get it. */
export function purposeOf({ method, segments, params, file }: GraphRequest): CallPurpose {
  const [, edge] = segments;
  if (edge === 'messenger_profile') return 'profile';
  if (method === 'GET') return 'read';
  const message = isObject(params['message']) ? params['message'] : {};
  const attachment = isObject(message['attachment']) ? message['attachment'] : undefined;
  if (edge === 'message_attachments') return file ? 'upload-file' : 'upload-url';
  if (edge !== 'messages') return 'other';
  if (file) return 'send-file';
  if (message['attachments'] !== undefined) return 'send-images';
  if (attachment?.['type'] === 'template') return 'send-template';
  if (attachment) {
    const payload = isObject(attachment['payload']) ? attachment['payload'] : {};
    return payload['attachment_id'] === undefined ? 'send-url' : 'send-id';
  }
  if (params['sender_action'] !== undefined) return 'send-action';
  return message['text'] === undefined ? 'other' : 'send-text';
}

/** The parameters as the log of calls shows them. */
export function withoutSecrets({ params, file }: GraphRequest): Record<string, unknown> {
  const shown = redacted(params) as Record<string, unknown>;
  if (!file) return shown;
  const { name, contentType: type, bytes, sha256 } = file;
  return { ...shown, filedata: { name, type, bytes: bytes.length, sha256 } };
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
    if (error.code === 'LIMIT_UNEXPECTED_FILE')
      return invalidParameter('The file must stand in the field filedata');
  }
  // The documents print an upload "from a file" as JSON with "filedata":"@/path…";"type":…, which is not JSON: it
  // ends here. A file goes as multipart/form-data.
  if (error instanceof SyntaxError) return invalidParameter('The body of the request is not valid JSON');
  return invalidParameter(
    `The request cannot be read: ${error instanceof Error ? error.message : 'unknown'}`,
  );
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
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value; // Text that only begins like JSON. Whoever needs an object will say so.
  }
}

function incoming({ buffer, mimetype, originalname }: Express.Multer.File): IncomingFile {
  return { bytes: buffer, sha256: sha256Of(buffer), contentType: mimetype, name: originalname };
}
