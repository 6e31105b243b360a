import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';
import { FormReader } from './form-reader';
import { ERRORS, type CallName, type Content, type Counts, type ErrorBody, type Rule } from './rules';

/** The program that `OutsidePlatform` starts; see there. */

/** What the parent asks for. */
export type Request =
  | { readonly ask: 'counts' }
  /** Forgets rules and counts, and cuts every connection. IDs stay good. */
  | { readonly ask: 'reset' }
  | { readonly ask: 'rules'; readonly rules: readonly Rule[] }
  /** All IDs that have been given out are invalid from now on. */
  | { readonly ask: 'revoke' }
  /** Files of delivered messages must have this many bytes. */
  | { readonly ask: 'expect'; readonly bytes: number };

/** The first thing that the parent is told. */
export interface Listening {
  /** Name and port. */
  readonly host: string;
  /** PEM of the certificate to trust. */
  readonly ca: string;
}

/** A page's token is `token-of-` and its ID. */
const TOKEN = /^token-of-(\d+)$/;

/** Real ones keep idle connections open for longer than Node does. */
const KEEP_ALIVE = 75_000;

const BODY_LIMIT = 64 * 1024 * 1024;

interface Payload {
  readonly url?: string;
  readonly attachment_id?: string;
  readonly is_reusable?: boolean;
  readonly elements?: readonly { readonly attachment_id?: string; readonly url?: string }[];
}

interface Message {
  readonly text?: string;
  readonly attachment?: { readonly type?: string; readonly payload?: Payload };
}

interface Body {
  readonly recipient?: { readonly id?: string };
  readonly message?: Message;
  readonly access_token?: string;
}

const ids = new Map<string, { readonly page: string; isDead: boolean }>();
let rules: { readonly rule: Rule; left: number }[] = [];
let expectedBytes: number | undefined;
const delivered = new Map<string, number>();
let deliveredBy: Record<Content, number>;
let calls: Record<CallName, number>;
let wrongSize: number;
let fileBytes: number;
let mostConnections: number;
let nonsense: string[];
let connections = 0;

function reset(): void {
  rules = [];
  expectedBytes = undefined;
  delivered.clear();
  deliveredBy = { file: 0, url: 0, id: 0, none: 0 };
  calls = { upload: 0, send: 0, page: 0 };
  wrongSize = 0;
  fileBytes = 0;
  mostConnections = connections;
  nonsense = [];
}

function counts(): Counts {
  let messages = 0;
  let most = 0;
  for (const count of delivered.values()) {
    messages += count;
    most = Math.max(most, count);
  }
  return {
    messages,
    recipients: delivered.size,
    most,
    delivered: deliveredBy,
    wrongSize,
    calls,
    fileBytes,
    mostConnections,
    nonsense,
  };
}

/** One request from its first to its last byte. */
class Call {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #name: CallName;
  readonly #query: URLSearchParams;
  readonly #form: FormReader | undefined;
  readonly #json: Buffer[] = [];
  #jsonBytes = 0;
  #rule: Rule | undefined;
  #hasRule = false;
  #parsed: Body | undefined;

  constructor(req: IncomingMessage, res: ServerResponse, name: CallName, query: URLSearchParams) {
    this.#req = req;
    this.#res = res;
    this.#name = name;
    this.#query = query;
    const type = req.headers['content-type'] ?? '';
    if (type.startsWith('multipart/form-data')) this.#form = new FormReader(type);
    calls[name] += 1;
    req.on('data', guard(res, this.#take));
    req.on('end', guard(res, this.#end));
  }

  readonly #take = (chunk: Buffer): void => {
    if (!this.#form) {
      this.#jsonBytes += chunk.length;
      if (this.#jsonBytes > BODY_LIMIT) throw new Error('the body is too large');
      this.#json.push(chunk);
      return;
    }
    const before = this.#form.fileBytes;
    this.#form.push(chunk);
    fileBytes += this.#form.fileBytes - before;
    if (this.#form.files > 0) this.#throttle(chunk.length);
  };

  /** The file has begun, so what stands before it is known. */
  #throttle(length: number): void {
    const rule = this.#findRule();
    if (rule?.hang === 'body') this.#req.pause();
    if (rule?.bytesPerSecond !== undefined) {
      this.#req.pause();
      setTimeout(() => this.#req.resume(), (length / rule.bytesPerSecond) * 1000);
    }
    if (rule?.error && rule.early && !this.#res.headersSent) {
      this.#res.setHeader('connection', 'close');
      refuse(this.#res, rule.status ?? 400, rule.error, rule.headers);
    }
  }

  readonly #end = (): void => {
    // A client may put the token behind the file.
    const rule = this.#findRule();
    if (rule?.hang || this.#res.headersSent) return;
    if (rule?.delay === undefined) this.#answer(rule);
    else
      setTimeout(
        guard(this.#res, () => {
          this.#answer(rule);
        }),
        rule.delay,
      );
  };

  #answer(rule: Rule | undefined): void {
    const body = this.#body();
    const page = this.#page(body);
    if (page === undefined) {
      refuse(this.#res, 400, { message: 'Invalid OAuth access token.', code: 190 });
    } else if (rule?.error) {
      refuse(this.#res, rule.status ?? 400, rule.error, rule.headers);
    } else if (this.#name === 'page') {
      succeed(this.#res, { id: page }, rule?.headers);
    } else {
      this.#carryOut(body, page, rule?.headers);
    }
  }

  #carryOut(body: Body, page: string, headers: Rule['headers']): void {
    if (this.#form && (!this.#form.isComplete || this.#form.files !== 1)) {
      throw new Error(`a form with ${this.#form.files} files, complete: ${this.#form.isComplete}`);
    }
    const content = this.#contentOf(body);
    if (this.#name === 'upload') {
      if (content !== 'file' && content !== 'url') throw new Error('an upload of nothing');
      succeed(this.#res, { attachment_id: makeId(page) }, headers);
      return;
    }
    const recipient = body.recipient?.id;
    if (recipient === undefined) throw new Error('a message to nobody');
    if (body.message?.text && body.message.attachment) {
      refuse(this.#res, 400, ERRORS.onlyOneContent);
      return;
    }
    const payload = body.message?.attachment?.payload;
    const used = [payload, ...(payload?.elements ?? [])].flatMap((holder) => holder?.attachment_id ?? []);
    if (used.some((id) => ids.get(id)?.page !== page || ids.get(id)?.isDead)) {
      refuse(this.#res, 400, ERRORS.invalidId);
      return;
    }
    delivered.set(recipient, (delivered.get(recipient) ?? 0) + 1);
    deliveredBy[content] += 1;
    if (content === 'file' && expectedBytes !== undefined && this.#form?.fileBytes !== expectedBytes)
      wrongSize += 1;
    const saved = payload?.is_reusable === true && content !== 'id' && { attachment_id: makeId(page) };
    const message_id = `m_${delivered.size}`;
    succeed(this.#res, { recipient_id: recipient, message_id, ...saved }, headers);
  }

  #contentOf({ message }: Body): Content {
    if (this.#form) return 'file';
    const payload = message?.attachment?.payload;
    if (!payload) return 'none';
    const holders = [payload, ...(payload.elements ?? [])];
    if (holders.some(({ attachment_id }) => attachment_id !== undefined)) return 'id';
    return holders.some(({ url }) => url !== undefined) ? 'url' : 'none';
  }

  #body(): Body {
    if (!this.#form) {
      const text = Buffer.concat(this.#json).toString() || '{}';
      return (this.#parsed ??= JSON.parse(text) as Body);
    }
    const { fields } = this.#form;
    const parse = (name: string): unknown => JSON.parse(fields.get(name) ?? '{}');
    const token = fields.get('access_token');
    return {
      recipient: parse('recipient') as NonNullable<Body['recipient']>,
      message: parse('message') as Message,
      ...(token !== undefined && { access_token: token }),
    };
  }

  #page(body: Body | undefined): string | undefined {
    const [, bearer] = /^(?:Bearer|OAuth) (.+)$/.exec(this.#req.headers.authorization ?? '') ?? [];
    const token = this.#query.get('access_token') ?? bearer ?? body?.access_token;
    return TOKEN.exec(token ?? '')?.[1];
  }

  #findRule(): Rule | undefined {
    if (this.#hasRule) return this.#rule;
    const page = this.#page(this.#form?.isComplete === false ? this.#fieldsSoFar() : this.#body());
    const content = this.#contentOf(this.#form ? {} : this.#body());
    const found = rules.find(
      ({ rule, left }) =>
        left > 0 &&
        rule.call === this.#name &&
        (rule.page === undefined || rule.page === page) &&
        (rule.content === undefined || rule.content === content),
    );
    if (found) found.left -= 1;
    this.#rule = found?.rule;
    this.#hasRule = true;
    return this.#rule;
  }

  #fieldsSoFar(): Body {
    const token = this.#form?.fields.get('access_token');
    return token === undefined ? {} : { access_token: token };
  }
}

function makeId(page: string): string {
  const id = `${1_000_000 + ids.size}`;
  ids.set(id, { page, isDead: false });
  return id;
}

function succeed(res: ServerResponse, body: object, headers: Rule['headers']): void {
  reply(res, 200, body, headers);
}

function refuse(res: ServerResponse, status: number, error: ErrorBody, headers?: Rule['headers']): void {
  const { type = 'OAuthException', ...rest } = error;
  const typed = type === null ? {} : { type };
  reply(res, status, { error: { ...typed, fbtrace_id: 'OUTSIDE', ...rest } }, headers);
}

function reply(res: ServerResponse, status: number, body: object, headers: Rule['headers']): void {
  const text = JSON.stringify(body);
  res.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  res.end(text);
}

/** A request that makes no sense is refused and remembered, and ends nothing else. */
function guard<Args extends unknown[]>(
  res: ServerResponse,
  work: (...args: Args) => void,
): (...args: Args) => void {
  return (...args) => {
    try {
      work(...args);
    } catch (error) {
      if (nonsense.length < 10) nonsense.push(String(error));
      if (!res.headersSent) refuse(res, 400, { message: `(#100) ${String(error)}`, code: 100 });
    }
  };
}

const ROUTES = [
  ['POST', /^\/v[\d.]+\/(?:me|\d+)\/message_attachments\/?$/, 'upload'],
  ['POST', /^\/v[\d.]+\/(?:me|\d+)\/messages\/?$/, 'send'],
  ['GET', /^\/v[\d.]+\/me\/?$/, 'page'],
] as const;

function answer(req: IncomingMessage, res: ServerResponse): void {
  const { pathname, searchParams } = new URL(req.url ?? '', 'https://localhost');
  const route = ROUTES.find(([method, path]) => method === req.method && path.test(pathname));
  if (route) new Call(req, res, route[2], searchParams);
  else
    guard(res, () => {
      throw new Error(`nothing is at ${req.method ?? ''} ${pathname}`);
    })();
}

async function main(): Promise<void> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  });
  const server = https.createServer({ cert, key, keepAliveTimeout: KEEP_ALIVE, requestTimeout: 0 }, answer);
  server.on('connection', (socket) => {
    connections += 1;
    mostConnections = Math.max(mostConnections, connections);
    socket.on('close', () => (connections -= 1));
    // Whoever is killed cuts its connections.
    socket.on('error', () => undefined);
  });
  server.on('tlsClientError', () => undefined);
  reset();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
  await once(server, 'listening');
  process.on('message', (request: Request) => {
    if (request.ask === 'reset') {
      server.closeAllConnections();
      reset();
    } else if (request.ask === 'rules') {
      rules = request.rules.map((rule) => ({ rule, left: rule.times ?? Infinity }));
    } else if (request.ask === 'revoke') {
      for (const id of ids.values()) id.isDead = true;
    } else if (request.ask === 'expect') {
      expectedBytes = request.bytes;
    }
    process.send?.(counts());
  });
  process.on('disconnect', () => process.exit());
  const { port } = server.address() as AddressInfo;
  process.send?.({ host: `localhost:${port}`, ca: cert } satisfies Listening);
}

void main();
