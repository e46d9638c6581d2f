/** How commands print: text for people, JSON for programs. */

/** Prints lines to standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints a value as one line of JSON. */
export function printJson(value: unknown): void {
  print(jsonOf(value));
}

/** JSON on one line: bytes as base64; numbers that are not finite, and those of 64 bits, as text. */
export function jsonOf(value: unknown): string {
  return JSON.stringify(asPlain(value));
}

function asPlain(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(asPlain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, asPlain(part)]));
}

/** Columns of text under a heading; columns that hold only numbers are aligned at their end. */
export function tableText(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heading, ...rows].map((row) => row.map(printable));
  const widths = heading.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const numeric = heading.map((_, column) => rows.every((row) => /^[-+\d.,%]*$/.test(row[column] ?? '')));
  const cell = (text: string, column: number): string => (numeric[column] ? text.padStart(widths[column]!) : text.padEnd(widths[column]!));
  return all.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}

/** Text with everything replaced that a terminal might obey: records come from anywhere. */
export const printable = (text: string): string => text.replace(/[^\x20-\x7e\u00a0-\uffff]|\ufffd/g, '·');

const NUMBERS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** A whole number with its thousands apart. */
export const countText = (count: number): string => NUMBERS.format(count);

/** A count with its noun: `1 record`, `2,000 records`. */
export const countedText = (count: number, noun: string): string => `${countText(count)} ${noun}${count === 1 ? '' : 's'}`;

/** A length of time for people: `850 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`. */
export function secondsText(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'unknown';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  // Rounded first: a rest that is rounded by itself may come to 60.
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A size for people: `12 B`, `3.4 KB`, `1.2 GB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step]!}`;
}

/** An instant as ISO 8601 (UTC); `-` before the first and for what has no time. */
export function timeText(timeMs: number | null): string {
  if (timeMs === Infinity) return 'end of input';
  if (timeMs === null || !Number.isFinite(timeMs)) return '-';
  return new Date(timeMs).toISOString().replace('.000Z', 'Z');
}
