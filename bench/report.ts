/** Prints tables: Markdown, or one JSON document with `--json`. Progress goes to standard error. */
import { cpus } from 'node:os';

export type Cell = string | number;

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Makes the tables one after the other and prints them at the end. */
export async function report(benchmark: string, makers: readonly (() => Promise<Table>)[]): Promise<void> {
  const tables: Table[] = [];
  for (const make of makers) tables.push(await make());
  if (process.argv.includes('--json')) console.log(JSON.stringify({ benchmark, ...machine(), tables }));
  else console.log([`${benchmark}: ${Object.values(machine()).join(', ')}`, ...tables.map(markdown)].join('\n\n'));
}

/** Tells on standard error what is measured next. */
export function progress(what: string): void {
  process.stderr.write(`${what}\n`);
}

/** Where and when something is measured. */
export function machine(): { readonly date: string; readonly cores: string; readonly node: string } {
  return { date: new Date().toISOString().slice(0, 10), cores: `${cpus().length} cores`, node: `Node ${process.version}` };
}

/** A table as Markdown. */
export function markdown({ title, columns, rows }: Table): string {
  const cells = [columns, columns.map((_, column) => (column === 0 ? '---' : '--:')), ...rows.map((row) => row.map(text))];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) => `| ${row.map((cell, column) => padded(cell, widths[column]!, column)).join(' | ')} |`);
  return [`**${title}**`, '', ...lines].join('\n');
}

const text = (cell: Cell): string => (typeof cell === 'string' ? cell : Math.round(cell).toLocaleString('en'));

const padded = (cell: string, width: number, column: number): string => (column === 0 ? cell.padEnd(width) : cell.padStart(width));
