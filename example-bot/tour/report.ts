import { type Audit } from './expected';
import { type WireStats } from './wire-stats';
import { type Step } from './story';

const WIDTH = 78;
const COLUMNS = ['Messages', 'Calls', 'Refused', 'Uploads', 'Sent up', 'Saved'] as const;

export const INTRODUCTION = `A Botkit bot with this plugin talks to people on a Messenger Platform that is
simulated on this machine. All figures are what the platform has seen:

  Messages   that people got
  Calls      of the Graph API
  Refused    calls that the platform answered with an error
  Uploads    calls that brought a file, or a web address to fetch one from
  Sent up    bytes of all calls together
  Saved      bytes of the files that people got, less those that were uploaded
`;

export function headline(): string {
  return row(COLUMNS);
}

export function stepRows(number: number, { title, explanation }: Step, stats: WireStats): string {
  return [
    `${number}. ${title}`,
    ...wrap(explanation, WIDTH - 3).map((line) => `   ${line}`),
    row(cells(stats)),
    '',
  ].join('\n');
}

export function totalRows(stats: WireStats): string {
  return ['='.repeat(WIDTH), headline(), row(cells(stats)), ''].join('\n');
}

/** What the tour has proved, or what is wrong. */
export function verdict({ promised, arrived, faults }: Audit, { filesIn, filesOut }: WireStats): string {
  if (faults.length > 0) {
    const shown = faults.slice(0, 20).map((fault) => `  ${fault}`);
    const rest = faults.length > shown.length ? [`  and ${faults.length - shown.length} more`] : [];
    return [
      `It did NOT go as it should. ${promised} messages were promised, ${arrived} arrived:`,
      ...shown,
      ...rest,
    ].join('\n');
  }
  const share = Math.floor((1 - filesIn / filesOut) * 1000) / 10;
  return [
    `All ${promised} promised messages arrived exactly once, and no other.`,
    'Every file that arrived has the SHA-256 of the file that the bot was to send.',
    `People got ${size(filesOut)} of files; ${size(filesIn)} were uploaded for it: ${share} % less.`,
  ].join('\n');
}

function cells({ messages, calls, refused, uploads, sentUp, filesIn, filesOut }: WireStats): string[] {
  return [...[messages, calls, refused, uploads].map(String), size(sentUp), size(filesOut - filesIn)];
}

/** Right-aligned under the columns' names, up to the right margin. */
function row(values: readonly string[]): string {
  return values
    .map((value) => value.padStart(10))
    .join('  ')
    .padStart(WIDTH);
}

function size(bytes: number): string {
  if (Math.abs(bytes) < 1000) return `${bytes} B`;
  if (Math.abs(bytes) < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
