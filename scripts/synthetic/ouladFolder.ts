/** A folder in the format of the Open University Learning Analytics data set, with synthetic clicks. */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { SkillForgeError } from '../../schemas/index.js';
import { firstEpochDay } from '../oulad/presentations.js';
import { syntheticClicks } from './clicks.js';
import { assertInteger } from './options.js';

const DAY_MS = 86_400_000;
const FIRST_STUDENT = 10_000;
const FIRST_SITE = 500_000;
const HEADER = '"code_module","code_presentation","id_student","id_site","date","sum_click"\r\n';

/** What the folder holds. */
export interface SyntheticFolderOptions {
  readonly seed: number;
  /** Such as `AAA-2014J`, in the order in which they stand in the file. */
  readonly presentations: readonly string[];
  /** Learners of each presentation. */
  readonly learners: number;
  /** Items of each presentation. */
  readonly items: number;
  /** First `date`; negative before the presentation begins. Unit: days since its day 0. */
  readonly firstDay: number;
  readonly days: number;
  /** Rows of a day in each presentation, on the average of a week. */
  readonly clicksPerDay: number;
}

/** Two presentations that overlap in the calendar; 6,000 rows. */
export const DEFAULT_FOLDER_OPTIONS: SyntheticFolderOptions = Object.freeze({
  seed: 1,
  presentations: Object.freeze(['AAA-2013J', 'BBB-2013J']),
  learners: 50,
  items: 30,
  firstDay: -10,
  days: 30,
  clicksPerDay: 100,
});

/** What was written. */
export interface SyntheticFolder {
  /** Path of `studentVle.csv.gz`. */
  readonly file: string;
  readonly rows: number;
  /** Rows by presentation. */
  readonly rowsByPresentation: ReadonlyMap<string, number>;
}

/**
 * Writes `studentVle.csv.gz` with the names, columns, quoting and line ends of the original: presentation after
 * presentation, each by ascending date. The same options give the same rows.
 *
 * @param folder - made when missing
 * @throws SFS_SYNTHETIC_OPTION
 */
export async function syntheticOuladFolder(folder: string, given: Partial<SyntheticFolderOptions> = {}): Promise<SyntheticFolder> {
  const options = { ...DEFAULT_FOLDER_OPTIONS, ...given };
  assertInteger('firstDay', options.firstDay, -365);
  const starts = options.presentations.map((presentation) => firstDayMs(presentation, options.firstDay));
  const counts = new Map<string, number>();
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'studentVle.csv.gz');
  await pipeline(Readable.from(lines(options, starts, counts)), createGzip(), createWriteStream(file));
  return { file, rows: [...counts.values()].reduce((a, b) => a + b, 0), rowsByPresentation: counts };
}

function firstDayMs(presentation: string, firstDay: number): number {
  const day = firstEpochDay(presentation.slice(presentation.indexOf('-') + 1));
  if (day !== null && /^[A-Z]+-/.test(presentation)) return (day + firstDay) * DAY_MS;
  throw new SkillForgeError('SFS_SYNTHETIC_OPTION', `presentations must be such as AAA-2014J, but one is ${JSON.stringify(presentation)}`, {
    context: { presentation },
  });
}

/** The text of the file in parts. */
function* lines(options: SyntheticFolderOptions, starts: readonly number[], counts: Map<string, number>): Generator<string> {
  yield HEADER;
  for (const [index, presentation] of options.presentations.entries()) {
    const [module, code] = presentation.split('-') as [string, string];
    for (const events of clicksOf(options, index, starts[index]!)) {
      counts.set(presentation, (counts.get(presentation) ?? 0) + events.length);
      yield events
        .map(({ learner, occurredAtMs, personal }) => {
          const student = FIRST_STUDENT + index * options.learners + numberIn(learner);
          const site = FIRST_SITE + index * options.items + numberIn(personal.item);
          const date = Math.floor((occurredAtMs - starts[index]!) / DAY_MS) + options.firstDay;
          return `"${module}","${code}","${student}","${site}","${date}","${personal.clicks}"\r\n`;
        })
        .join('');
    }
  }
}

function clicksOf(options: SyntheticFolderOptions, index: number, startMs: number): ReturnType<typeof syntheticClicks> {
  const { seed, learners, items, days, clicksPerDay } = options;
  return syntheticClicks({ seed: seed + index, learners, items, days, clicksPerDay, courses: 1, startMs, outOfOrderMs: 0 });
}

const numberIn = (id: string): number => Number(id.slice(id.lastIndexOf('-') + 1));
