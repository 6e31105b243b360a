import { DAY, HOUR, MINUTE, SECOND } from '../base/time';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

// What a terminal could take for a command, and what would break a line.
// eslint-disable-next-line no-control-regex -- It exists to find control characters.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** `1.2 MB` */
export function formatBytes(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power] ?? ''}`;
}

/** `4.2 s`, `3 min`, `1 h 5 min`, `71 days` */
export function formatDuration(ms: number): string {
  if (ms < 10 * SECOND) return `${Number((ms / SECOND).toFixed(1))} s`;
  if (ms < 2 * MINUTE) return `${Math.round(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.round(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h ${Math.floor((ms % HOUR) / MINUTE)} min`;
  return `${Math.floor(ms / DAY)} days`;
}

/** `2025-08-29` */
export function formatDate(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** Text from elsewhere, on one line and without commands to the terminal. */
export function oneLine(text: string): string {
  return text.replace(CONTROL, ' ').trim();
}

/** Columns as wide as what stands in them. A column of numbers keeps to the right; the last is as long as it is. */
export function table(rows: readonly (readonly string[])[], numbers: readonly number[]): string[] {
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return numbers.includes(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
