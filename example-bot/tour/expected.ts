import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type AttachmentType, type Thread, type ThreadMessage } from 'messenger-platform-simulator';

/** A message that someone must find in the thread with a page. */
export type Expected =
  | { readonly text: RegExp }
  | {
      readonly type: AttachmentType;
      readonly sha256: string;
      readonly name: string;
      /** It stands in a media template. */
      readonly card?: boolean;
    };

/** What the people of one thread must have got, in any order. */
export interface Promised {
  readonly page: string;
  readonly user: string;
  readonly messages: readonly Expected[];
}

export interface Audit {
  readonly promised: number;
  readonly arrived: number;
  /** What is missing, and what came too often; a line each. */
  readonly faults: readonly string[];
}

/** Compares what was promised with what stands in the threads of the simulator: each message once, no other. */
export function audit(promises: readonly Promised[], threads: readonly Thread[]): Audit {
  const messagesIn = (thread?: Thread): ThreadMessage[] =>
    thread?.messages.filter(({ from }) => from === 'page') ?? [];
  const faults: string[] = [];
  for (const { page, user, messages } of promises) {
    const thread = threads.find((one) => one.page === page && one.user === user);
    faults.push(
      ...auditThread(messages, messagesIn(thread)).map((fault) => `page ${page}, user ${user}: ${fault}`),
    );
  }
  const strangers = threads.filter(
    ({ page, user }) => !promises.some((one) => one.page === page && one.user === user),
  );
  for (const { page, user } of strangers.filter((thread) => messagesIn(thread).length > 0)) {
    faults.push(`page ${page}, user ${user}: got messages, and never wrote`);
  }
  return {
    promised: promises.reduce((sum, { messages }) => sum + messages.length, 0),
    arrived: threads.reduce((sum, thread) => sum + messagesIn(thread).length, 0),
    faults,
  };
}

/** A file of the bot's. */
export function asset(type: AttachmentType, name: string): Expected {
  return bytes(type, name, readFileSync(path.join(__dirname, '..', 'assets', name)));
}

export function bytes(type: AttachmentType, name: string, content: Buffer): Expected {
  return { type, name, sha256: createHash('sha256').update(content).digest('hex') };
}

export function card(expected: Expected): Expected {
  return { ...expected, card: true };
}

export function text(pattern: RegExp): Expected {
  return { text: pattern };
}

function auditThread(expected: readonly Expected[], arrived: readonly ThreadMessage[]): string[] {
  const missing = [...expected];
  const faults: string[] = [];
  for (const message of arrived) {
    const at = missing.findIndex((one) => matches(one, message));
    if (at >= 0) missing.splice(at, 1);
    else if (expected.some((one) => matches(one, message)))
      faults.push(`${describe(message)} came once too often`);
    else faults.push(`${describe(message)} came, which is not what was promised`);
  }
  return [...missing.map((one) => `${nameOf(one)} is missing`), ...faults];
}

function matches(expected: Expected, { text, attachments, template }: ThreadMessage): boolean {
  if ('text' in expected) return attachments.length === 0 && text !== undefined && expected.text.test(text);
  const [attachment, ...more] = attachments;
  return (
    attachment?.type === expected.type &&
    attachment.sha256 === expected.sha256 &&
    more.length === 0 &&
    text === undefined &&
    (template !== undefined) === (expected.card ?? false)
  );
}

function nameOf(expected: Expected): string {
  return 'text' in expected ? `the text ${String(expected.text)}` : `the ${expected.type} ${expected.name}`;
}

function describe({ text, attachments }: ThreadMessage): string {
  const files = attachments.map(
    ({ type, name, sha256 }) => `the ${type} ${name} (SHA-256 ${sha256.slice(0, 8)}…)`,
  );
  return [...(text === undefined ? [] : [`the text ${JSON.stringify(text)}`]), ...files].join(' with ');
}
