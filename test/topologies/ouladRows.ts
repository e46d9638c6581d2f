/** Reads `studentVle` the plain way: the whole text, line by line. Shares no code with the importer. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Use } from './plainWindows.js';

const ROW = /^"([A-Z]+)","(\d{4})([BJ])","(\d+)","(\d+)","(-?\d+)","(\d+)"$/;
const DAY_MS = 86_400_000;

/** Where the real files of the data set are, if they are given. */
export const REAL_FOLDER = join(import.meta.dirname, '../../../shared/data/oulad');
const FILE = 'studentVle.csv.gz';

export const realFilesAreMissing = (): boolean => !existsSync(join(REAL_FOLDER, FILE));

/** The uses that the rows tell, in the order of the file, and the number of rows that tell none. */
export function usesOf(folder: string): { readonly uses: Use[]; readonly unusable: number } {
  const text = gunzipSync(readFileSync(join(folder, FILE))).toString('latin1');
  const rows = text.split('\r\n').slice(1, -1);
  const uses = rows.map(useOf).filter((use) => use !== null);
  return { uses, unusable: rows.length - uses.length };
}

/** Day 0 is the first of February of a presentation B, the first of October of a presentation J. */
function useOf(row: string): Use | null {
  const fields = ROW.exec(row);
  if (fields === null) return null;
  const [, module, year, half, learner, item, date, clicks] = fields;
  const dayMs = Date.UTC(Number(year), half === 'B' ? 1 : 9, 1) + Number(date) * DAY_MS;
  return { learner: learner!, cohort: `${module}-${year}${half}`, item: item!, atMs: dayMs, clicks: Number(clicks), dwellMs: 0, completed: false };
}
