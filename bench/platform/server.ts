import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { certificateFor } from 'messenger-platform-simulator';
import type { Counts, Listening } from './counts';

/*
 * The Messenger Platform as bare as it can be, in a process of its own: it counts and answers, and checks nothing, so
 * that what is measured is the client. (The simulator checks everything.)
 */

/** Where the fields stand that go before a file. */
const HEAD = 2_048;

const RECIPIENT = /name="recipient"\r\n(?:.+\r\n)*\r\n(.*)\r\n/;

const PAGE = JSON.stringify({ id: '1001' });
const DEAD = JSON.stringify({
  error: {
    message: '(#100) Invalid attachment ID.',
    type: 'OAuthException',
    code: 100,
    error_subcode: 2018074,
    fbtrace_id: 'BENCH',
  },
});

interface Message {
  readonly recipient: { readonly id: string };
  readonly message: { readonly attachment?: { readonly payload?: { readonly attachment_id?: string } } };
}

const dead = new Set<string>();
const delivered = new Map<string, number>();
const bytes = new Map<string, number>();
let files = 0;
let fileBytes = 0;
let ids = 0;

function answer(req: IncomingMessage, res: ServerResponse): void {
  const path = pathOf(req);
  const isForm = req.headers['content-type']?.startsWith('multipart/') ?? false;
  const chunks: Buffer[] = [];
  let kept = 0;
  let size = 0;
  req.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (isForm && kept >= HEAD) return;
    chunks.push(chunk);
    kept += chunk.length;
  });
  req.on('end', () => {
    bytes.set(path, (bytes.get(path) ?? 0) + size);
    if (isForm) {
      files += 1;
      fileBytes += size;
    }
    reply(res, path, Buffer.concat(chunks), isForm);
  });
}

function reply(res: ServerResponse, path: string, body: Buffer, isForm: boolean): void {
  switch (path) {
    case '/messages':
      deliver(res, isForm ? recipientIn(body) : (JSON.parse(body.toString()) as Message));
      return;
    case '/message_attachments':
      send(res, 200, JSON.stringify({ attachment_id: `${++ids}` }));
      return;
    case '/bench/kill':
      dead.add(body.toString());
      send(res, 200, '{}');
      return;
    case '/bench/counts':
      send(res, 200, JSON.stringify(counts()));
      return;
    case '/bench/forget':
      forget();
      send(res, 200, '{}');
      return;
    default:
      send(res, 200, PAGE);
  }
}

function deliver(res: ServerResponse, { recipient, message }: Message): void {
  const id = message.attachment?.payload?.attachment_id;
  if (id !== undefined && dead.has(id)) {
    send(res, 400, DEAD);
    return;
  }
  delivered.set(recipient.id, (delivered.get(recipient.id) ?? 0) + 1);
  send(res, 200, `{"recipient_id":"${recipient.id}","message_id":"m_1"}`);
}

function recipientIn(form: Buffer): Message {
  const [, json = '{}'] = RECIPIENT.exec(form.toString('latin1', 0, HEAD)) ?? [];
  return { recipient: JSON.parse(json) as Message['recipient'], message: {} };
}

function send(res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  res.end(text);
}

/** `/v25.0/me/messages?…` and `/v25.0/1001/messages?…` are `/messages`. */
function pathOf({ url = '' }: IncomingMessage): string {
  const [path = ''] = url.split('?', 1);
  return path.startsWith('/bench/') ? path : path.slice(path.lastIndexOf('/'));
}

function counts(): Counts {
  let messages = 0;
  let most = 0;
  for (const count of delivered.values()) {
    messages += count;
    most = Math.max(most, count);
  }
  return { messages, recipients: delivered.size, most, files, fileBytes, bytes: Object.fromEntries(bytes) };
}

function forget(): void {
  delivered.clear();
  bytes.clear();
  files = 0;
  fileBytes = 0;
}

async function main(): Promise<void> {
  const { ca, cert, key } = await certificateFor('localhost');
  // Connections stay open between the rounds, so that none has to begin with handshakes.
  const server = https.createServer({ cert, key, keepAliveTimeout: 60_000 }, answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const listening: Listening = { host: `localhost:${port}`, ca };
  process.send?.(listening);
  process.on('disconnect', () => process.exit());
}

void main();
