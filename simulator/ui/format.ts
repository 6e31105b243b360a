import { type CallOutline } from '../control/call-outline';
import { type CallPurpose } from '../platform/call-log';

const DAY = 24 * 60 * 60 * 1000;

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const shortTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const date = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

export const count = (value: number) => number.format(value);
export const clockTime = (at: number) => time.format(at);
export const messageTime = (at: number) => shortTime.format(at);
export const day = (at: number) => date.format(at);

export function bytes(size: number): string {
  const sign = size < 0 ? '−' : '';
  const [value, unit] = scaled(Math.abs(size));
  return `${sign}${number.format(value)} ${unit}`;
}

function scaled(size: number): [value: number, unit: string] {
  if (size < 1000) return [size, 'B'];
  if (size < 1e6) return [size / 1000, 'kB'];
  return size < 1e9 ? [size / 1e6, 'MB'] : [size / 1e9, 'GB'];
}

/** "38 ms", "2 s", "1 min 5 s": never longer than its column. */
export function milliseconds(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${number.format(ms / 1000)} s`;
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** For a time that is still counted: whole seconds. */
export function waiting(ms: number): string {
  return milliseconds(1000 * Math.max(0, Math.floor(ms / 1000))).replace(/^0 ms$/, '0 s');
}

export function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${Math.round((100 * part) / whole)} %`;
}

/** "3 days", "2 hours", "just now": as exact as anyone needs it. */
export function duration(ms: number): string {
  const days = Math.floor(ms / DAY);
  if (days >= 1) return plural(days, 'day');
  const hours = Math.floor(ms / 3_600_000);
  if (hours >= 1) return plural(hours, 'hour');
  const minutes = Math.floor(ms / 60_000);
  return minutes >= 1 ? plural(minutes, 'minute') : 'just now';
}

export function daysLeft(ms: number): number {
  return Math.max(0, Math.ceil(ms / DAY));
}

export function plural(value: number, unit: string): string {
  const several = /[^aeiou]y$/.test(unit) ? `${unit.slice(0, -1)}ies` : `${unit}s`;
  return `${count(value)} ${value === 1 ? unit : several}`;
}

const PURPOSES: Record<CallPurpose, string> = {
  'send-id': 'Send by ID',
  'send-url': 'Send from a URL',
  'send-file': 'Send with file',
  'send-images': 'Send images',
  'send-template': 'Send a template',
  'send-text': 'Send text',
  'send-sticker': 'Send a sticker',
  'send-action': 'Sender action',
  'upload-url': 'Upload from a URL',
  'upload-file': 'Upload file',
  profile: 'Messenger profile',
  batch: 'Batch',
  read: 'Read',
  other: 'Call',
};

export function purpose(purpose: CallPurpose): string {
  return PURPOSES[purpose];
}

export function outcome({ status, code, subcode, fault }: CallOutline): string {
  // Of an answer that was cut, the log has the whole. The column "Took" says how long there was none.
  if (fault?.startsWith('reset')) return 'cut';
  if (status === 0) return 'no answer';
  if (code !== undefined) return subcode === undefined ? `error ${code}` : `${code}/${subcode}`;
  return status < 400 ? 'OK' : `HTTP ${status}`;
}
