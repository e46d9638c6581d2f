/** Tables of an evaluation on a synthetic school, for people. */
import { countText, secondsText, tableText } from '../commands/output.js';
import { CANDIDATE_SOURCES } from '../../operators/recommend/candidateSources.js';
import { SCHOOL_LISTS, type Compared, type SchoolResult, type SchoolScores } from './schoolCase.js';

const number = (value: number): string => value.toFixed(4);
const signed = (value: number): string => `${value < 0 ? '' : '+'}${number(value)}`;
const cellsOf = (one: Compared | null): string[] =>
  one === null ? ['-', '-'] : [number(one.value), `${signed(one.difference)} (${one.interval.map(signed).join(' to ')})`];

const COLUMNS = {
  'hit rate': ({ hit }: SchoolScores) => hit,
  gain: ({ gain }: SchoolScores) => gain,
  'gain of newcomers': ({ newcomers }: SchoolScores) => newcomers,
  'new items reached': ({ newItems }: SchoolScores) => newItems,
};

/** One table for each list and pair of figures, what the whole names as sources, and how long the steps took. */
export function schoolText(result: SchoolResult): string {
  const { school, judged, newcomers, rows, steps } = result;
  const { seed, learners, courses, items, days, eventsPerDay } = school;
  const size = `seed ${seed}, ${countText(learners)} learners, ${countText(courses)} courses of ${countText(items)} items, ${days} days of ${countText(eventsPerDay)} clicks`;
  const tables = SCHOOL_LISTS.flatMap((list) =>
    (
      [
        ['hit rate', 'gain'],
        ['gain of newcomers', 'new items reached'],
      ] as const
    ).map((pair) =>
      [
        `list ${list}, first ten: ${countText(judged[list])} learners in courses, ${countText(newcomers[list])} of them newcomers; differences to the whole with 95 %`,
        tableText(
          ['variant', ...pair.flatMap((name) => [name, 'difference'])],
          rows.map((row) => [row.variant, ...pair.flatMap((name) => cellsOf(COLUMNS[name](row.lists[list])))]),
        ),
      ].join('\n'),
    ),
  );
  const named = tableText(
    ['named by the whole', ...SCHOOL_LISTS],
    CANDIDATE_SOURCES.map((source) => [source, ...SCHOOL_LISTS.map((list) => number(rows[0]!.lists[list].named[source] ?? 0))]),
  );
  return [`school: ${size}`, ...tables, named, [...new Set(steps.map(({ name, seconds }) => `${name}: ${secondsText(seconds)}`))].join('\n')].join(
    '\n\n',
  );
}
