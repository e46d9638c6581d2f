/**
 * A made-up data set in the form of OULAD: two modules that begin on one day, of which each learner follows the weeks with a taste of their own, so
 * that there is something to learn from.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { SeededRandom } from '../../../scripts/synthetic/random.js';
import { quoted, writeOulad } from '../../fixtures/oulad/files.js';

/** First and last day of the files. */
const DAYS = 35;
const ITEMS = 32;
const ITEMS_A_WEEK = 6;
const WEEK_DAYS = 7;
const KINDS = ['homepage', 'forumng', 'resource', 'oucontent', 'quiz', 'url'];
/** Days on which something is to be handed in. */
const DUE_DAYS = [6, 13, 20, 31];
/** The last ones of a module begin so late. */
const LATE_LEARNERS = 6;

/** A module of the data set: first numbers of its learners, items and assessments. */
interface Module {
  readonly name: string;
  readonly learners: number;
  readonly firstLearner: number;
  readonly firstItem: number;
  readonly firstAssessment: number;
}

const PRESENTATION = '2013J';
const MODULES: readonly Module[] = [
  { name: 'AAA', learners: 76, firstLearner: 1_000, firstItem: 10_000, firstAssessment: 1 },
  { name: 'BBB', learners: 24, firstLearner: 2_000, firstItem: 20_000, firstAssessment: 101 },
];

/** A presentation that is asked for. */
export const PRESENTATION_OF_CUT = { course: `AAA-${PRESENTATION}`, dayZeroMs: Date.UTC(2013, 9, 1) };

type Row = readonly (string | number)[];
const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Whether a learner is one of those who begin late. */
const isLate = ({ learners }: Module, learner: number): boolean => learner >= learners - LATE_LEARNERS;

/** What a learner opens on a day: where everybody begins, what their taste takes of the week and of the weeks before, and something by chance. */
function openedOn(random: SeededRandom, learner: number, day: number): number[] {
  const week = Math.floor(day / WEEK_DAYS);
  const ofWeek = (n: number): number => Math.min(ITEMS - 1, 2 + week * ITEMS_A_WEEK + n);
  // One half takes the even ones of a week, the other half the odd ones, in the order of the week.
  const tasteful = [0, 2, 4].map((n) => ofWeek(n + (learner % 2)));
  const reached = tasteful.filter((_, n) => n * 2 <= day % WEEK_DAYS);
  const again = week === 0 ? [] : [2 + (learner % 2) + 2 * (learner % 3) + ITEMS_A_WEEK * random.below(week)];
  const all = [0, ...(learner % 3 === 0 ? [1] : []), ...reached.filter(() => random.chance(0.8)), ...again];
  return [...new Set(random.chance(0.2) ? [...all, random.below(Math.min(ITEMS, ofWeek(5)))] : all)];
}

/** Clicks by day. @param changedFrom - from that day on other items are opened, and others come: nothing before it is touched */
function clicksOf(module: Module, { changedFrom, lateFrom }: MadeUp): Row[] {
  const random = new SeededRandom(module.firstLearner);
  return range(DAYS).flatMap((day) =>
    range(module.learners).flatMap((learner): Row[] => {
      const comes = random.chance(0.35 + 0.2 * (learner % 2)) && (!isLate(module, learner) || day >= lateFrom);
      const items = openedOn(random, learner, day);
      if (day >= changedFrom ? learner % 5 === 0 : !comes) return [];
      const shown = day >= changedFrom ? items.map((item) => (item * 7 + 3) % ITEMS) : items;
      return shown.map((item) => [module.name, PRESENTATION, module.firstLearner + learner, module.firstItem + item, day, 1 + (item % 3)]);
    }),
  );
}

/** How the made-up learners fare. */
export interface MadeUp {
  /** From this day on everything is otherwise; `Infinity` for never. */
  readonly changedFrom: number;
  /** From this day on those come who begin late. */
  readonly lateFrom: number;
}

/** What was handed in, mostly on the day before it is due. */
function resultsOf({ firstAssessment, firstLearner, learners }: Module, { changedFrom }: MadeUp): Row[] {
  return DUE_DAYS.flatMap((due, n) =>
    range(learners - LATE_LEARNERS).map((learner) => {
      const [day, score] = [due - 1 - (learner % 2), 30 + ((learner * 13 + n * 7) % 70)];
      return [firstAssessment + n, firstLearner + learner, day, 0, day >= changedFrom ? 100 - score : score];
    }),
  );
}

/** Learners of two genders and two age bands, of each enough to be compared; a few have a disability. */
function infoOf({ name, firstLearner, learners }: Module): Row[] {
  return range(learners).map((learner) => [
    ...[name, PRESENTATION, firstLearner + learner, learner % 2 === 0 ? 'F' : 'M', 'Wales', learner % 3 === 0 ? 'A Level' : 'HE Qualification'],
    ...[learner % 4 === 0 ? '0-10%' : '20-30%', learner % 4 < 2 ? '0-35' : '35-55', 0, 60, learner % 10 === 0 ? 'Y' : 'N', 'Pass'],
  ]);
}

/** Writes the data set into a folder, the clicks compressed. */
export function writeMadeUp(folder: string, made: MadeUp): string {
  const ofAll = (rowsOf: (module: Module) => readonly Row[]): Row[] => MODULES.flatMap(rowsOf);
  const week = (item: number): Row => (item < 2 ? ['', ''] : range(2).map(() => Math.floor((item - 2) / ITEMS_A_WEEK)));
  writeOulad(
    {
      courses: ofAll(({ name }) => [[name, PRESENTATION, 60]]),
      assessments: ofAll(({ name, firstAssessment }) => DUE_DAYS.map((due, n) => [name, PRESENTATION, firstAssessment + n, 'CMA', due, 25])),
      studentRegistration: ofAll(({ name, firstLearner, learners }) =>
        range(learners).map((n) => [
          name,
          PRESENTATION,
          firstLearner + n,
          -10,
          Number.isFinite(made.changedFrom) && n % 7 === 0 ? made.changedFrom : '',
        ]),
      ),
      studentInfo: ofAll(infoOf),
      studentAssessment: ofAll((module) => resultsOf(module, made)),
      vle: ofAll(({ name, firstItem }) =>
        range(ITEMS).map((item) => [firstItem + item, name, PRESENTATION, KINDS[Math.min(item, 2 + (item % 4))]!, ...week(item)]),
      ),
    },
    folder,
  );
  const clicks = ofAll((module) => clicksOf(module, made));
  const header = quoted(['code_module', 'code_presentation', 'id_student', 'id_site', 'date', 'sum_click']);
  writeFileSync(join(folder, 'studentVle.csv.gz'), gzipSync([header, ...clicks.map(quoted), ''].join('\r\n')));
  return folder;
}
