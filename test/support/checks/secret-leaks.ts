import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import Debug from 'debug';
import sinon from 'sinon';
import type { PageOptions } from 'messenger-platform-simulator';
import type { FacebookAttachmentCache } from '../../../src/index';

const TOKEN = 'EAAcanary|token+with/what=needs&encoding';
const SECRET = 'canary-secret-of-the-app';

/** A page whose credentials are looked for. */
export const CANARY_PAGE: PageOptions = { id: '1003', token: TOKEN, secret: SECRET };

/** For web addresses and connection strings. */
export const CANARY = { user: 'canaryuser', password: 'canarypass', query: 'sig=canarysignature' } as const;

export const PROOF = createHmac('sha256', SECRET).update(TOKEN).digest('hex');

const SECRETS: readonly string[] = [
  TOKEN,
  encodeURIComponent(TOKEN),
  SECRET,
  PROOF,
  CANARY.user,
  CANARY.password,
  'canarysignature',
];

/** Everything that leaves the plugin other than to the platform. */
export interface Leaks {
  /** Takes in all events and errors of a plugin. */
  watch(plugin: FacebookAttachmentCache): void;
  /** Takes in whatever else is to be clean. */
  readonly take: (...values: unknown[]) => void;
  /** How much was taken in, so that a test can see that there was something. */
  readonly size: number;
  /** Fails if a secret is anywhere in what was taken in. */
  assertNone(): void;
  stop(): void;
}

/** Captures stdout, stderr, our own debug output and warnings, from now on until `stop`. */
export function catchLeaks(): Leaks {
  const caught: string[] = [];
  const take = (...values: unknown[]) => {
    for (const value of values) caught.push(...printed(value));
  };
  const print = process.stdout.write.bind(process.stdout) as (...args: unknown[]) => boolean;
  sinon.stub(process.stdout, 'write').callsFake((...args: unknown[]) => {
    take(args[0]);
    return print(...args);
  });
  // There the debug output goes, which is of no use to whoever runs the tests.
  sinon.stub(process.stderr, 'write').callsFake((text: unknown) => {
    take(text);
    return true;
  });
  Debug.enable('botkit:facebook-attachments');
  process.on('warning', take);
  return {
    watch: (plugin) => {
      for (const name of ['upload', 'send', 'recover', 'refresh', 'error'] as const) plugin.on(name, take);
    },
    take,
    get size() {
      return caught.length;
    },
    assertNone: () => {
      for (const secret of SECRETS) {
        assert.deepEqual(
          caught.filter((text) => text.includes(secret)),
          [],
          `where ${secret} was found`,
        );
      }
    },
    stop: () => {
      process.off('warning', take);
      Debug.disable();
      sinon.restore();
    },
  };
}

/** All that a log could make of it. */
function printed(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString()];
  const json: unknown = JSON.stringify(value);
  return [
    inspect(value, { depth: null, showHidden: true, getters: true }),
    ...(typeof json === 'string' ? [json] : []),
    ...(value instanceof Error ? [String(value), value.stack ?? '', ...printed(value.cause)] : []),
  ];
}
