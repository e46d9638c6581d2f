/** Reads a small file of the data set row by row, and counts what became of each. */
import { CsvFile } from './csvFile.js';
import type { CsvRows } from './csvRows.js';
import { malformed, type Refusal } from './refusals.js';
import type { OuladRejectCode, RejectedRow } from './summary.js';

/** What became of a sound row: taken; outside of the choice; or it tells of nothing that happened. */
export type RowFate = 'accepted' | 'filtered' | 'silent';

/** Counts of one file: `rowsRead = accepted + filtered + silent + rejected.SFS_IMPORT_MALFORMED + rejected.SFS_IMPORT_UNKNOWN`. */
export interface FileCounts {
  /** Path. */
  readonly file: string;
  /** Rows without the header. */
  readonly rowsRead: number;
  /** Rows that were taken; each becomes any number of records. */
  readonly accepted: number;
  /** Sound rows outside of what the options chose. */
  readonly filtered: number;
  /** Sound rows that tell of nothing that happened, such as a submission without a score. */
  readonly silent: number;
  readonly rejected: Readonly<Record<OuladRejectCode, number>>;
}

/** A file that was read to its end. */
export interface JudgedFile {
  readonly counts: FileCounts;
  /** In file order. */
  readonly rejected: readonly RejectedRow[];
}

/**
 * Hands each row that has all its fields to `judge`, which keeps what it needs and says what became of the row.
 * A row is refused before it is filtered: what is wrong in a file does not depend on the choice.
 *
 * @throws SFS_IMPORT_MISSING, SFS_IMPORT_HEADER, SFS_IMPORT_CORRUPT, SFS_IMPORT_UNREADABLE
 */
export async function judgeFile<C extends string>(
  folder: string,
  name: string,
  columns: readonly C[],
  judge: (rows: CsvRows<C>, row: number) => RowFate | Refusal,
): Promise<JudgedFile> {
  const file = await CsvFile.find(folder, name, columns);
  const fates = { accepted: 0, filtered: 0, silent: 0 };
  const codes = { SFS_IMPORT_MALFORMED: 0, SFS_IMPORT_UNKNOWN: 0 };
  const rejected: RejectedRow[] = [];
  let rowsRead = 0;
  for await (const rows of file.batches()) {
    for (let row = 0; row < rows.count; row++) {
      const problem = rows.problem(row);
      const fate = problem === null ? judge(rows, row) : malformed(problem);
      if (typeof fate === 'string') fates[fate]++;
      else {
        codes[fate.code]++;
        rejected.push({ line: rows.line(row), raw: rows.raw(row), ...fate });
      }
    }
    rowsRead += rows.count;
  }
  return { counts: { file: file.path, rowsRead, ...fates, rejected: codes }, rejected };
}

/** A field as text; `null` for what the data set writes where a value is not known: nothing, or a question mark. */
export function knownText<C extends string>(rows: CsvRows<C>, row: number, column: number): string | null {
  const text = rows.text(row, column);
  return text === '' || text === '?' ? null : text;
}
