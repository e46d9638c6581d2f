/** What lists are worth in a synthetic school, of which is known how probable each item is to be opened next. */
import type { ItemId } from '../../schemas/index.js';
import { DAY_MS, School, learnerTruth, type SchoolOptions } from '../school/index.js';

/** Places of a list that count. */
export const LISTED = 10;
/** Where the next thing is hardly ever a new one nothing can be told of a list of new ones. */
const LEAST_CHANCE = 0.05;
/** A learner is a newcomer in so many days from enrolment. */
const NEWCOMER_MS = 7 * DAY_MS;
/** An item is new for so many days from when the catalogue first told of it, as the source NEW has it. */
const NEW_ITEM_MS = 14 * DAY_MS;

/** How probable it is that a learner of a course opens an item next. */
export interface SchoolTruth {
  readonly learner: string;
  readonly course: string;
  readonly chances: Readonly<Record<ItemId, number>>;
  /** Whether they enrolled in the last seven days. */
  readonly isNewcomer: boolean;
  /** Items of the course that the catalogue told of in the last 14 days. */
  readonly newItems: ReadonlySet<string>;
}

/** By list: of everything, and of what was not opened before, where that comes at all. */
export type SchoolTruths = Readonly<Record<'next' | 'new', readonly SchoolTruth[]>>;

/** Stands for a learner in a course. */
export const keyOf = ({ learner, course }: Pick<SchoolTruth, 'learner' | 'course'>): string => `${learner} ${course}`;

/** The truth as of the end of a school's last day. @throws SFS_SYNTHETIC_OPTION, SFS_REGION_INVALID */
export function schoolTruths(options: SchoolOptions): SchoolTruths {
  const endMs = options.startMs + options.days * DAY_MS;
  const school = new School(options);
  const { opened, told } = whatWasSaid(school);
  const newItems = new Set([...told].flatMap(([item, atMs]) => (atMs >= endMs - NEW_ITEM_MS ? [item] : [])));
  const next = Array.from({ length: options.learners }, (_, at) => `learner-${at + 1}`).flatMap((learner): SchoolTruth[] => {
    const newcomerIn = new Set(
      school
        .attendancesOf(learner, endMs - 1)
        .flatMap(({ enrolledMs, presentation }) => (enrolledMs >= endMs - NEWCOMER_MS ? [presentation.course] : [])),
    );
    const truths = learnerTruth(school, learner, endMs - 1);
    return truths.map(({ course, chances }) => ({ learner, course, chances, isNewcomer: newcomerIn.has(course), newItems }));
  });
  const fresh = next.flatMap((truth) => {
    const left = Object.entries(truth.chances).filter(([item]) => opened.get(keyOf(truth))?.has(item) !== true);
    const sum = sumOf(left.map(([, chance]) => chance));
    return sum < LEAST_CHANCE ? [] : [{ ...truth, chances: Object.fromEntries(left.map(([item, chance]) => [item, chance / sum])) }];
  });
  return { next, new: fresh };
}

/** Runs a school to its end. @returns what each learner opened in each course, and when the catalogue first told of each item, ms */
function whatWasSaid(school: School): { opened: Map<string, Set<string>>; told: Map<string, number> } {
  const opened = new Map<string, Set<string>>();
  const told = new Map<string, number>();
  for (const { openings, catalogue } of school.steps()) {
    for (const { click } of openings) opened.set(keyOf(click), (opened.get(keyOf(click)) ?? new Set()).add(click.personal.item));
    for (const { item, updatedAtMs } of catalogue) if (!told.has(item)) told.set(item, updatedAtMs);
  }
  return { opened, told };
}

/** What one list is worth. */
export interface ListWorth {
  /** Probability that what is opened next is among the first of the list. */
  readonly hit: number;
  /** The same with less for later places, as of NDCG, by what the best order has. */
  readonly gain: number;
  /** Probability that what is opened next is a new item and among the first of the list. */
  readonly newHit: number;
  /** Probability that what is opened next is a new item. */
  readonly newChance: number;
}

/** @param items - best first; an empty list is worth nothing */
export function worthOf({ chances, newItems }: SchoolTruth, items: readonly string[]): ListWorth {
  const listed = items.slice(0, LISTED).map((item) => ({ isNew: newItems.has(item), chance: chances[item as ItemId] ?? 0 }));
  const best = Object.values(chances).sort((a, b) => b - a);
  return {
    hit: sumOf(listed.map(({ chance }) => chance)),
    gain: discounted(listed.map(({ chance }) => chance)) / discounted(best.slice(0, LISTED)),
    newHit: sumOf(listed.map(({ isNew, chance }) => (isNew ? chance : 0))),
    newChance: sumOf(Object.entries(chances).map(([item, chance]) => (newItems.has(item) ? chance : 0))),
  };
}

const discounted = (chances: readonly number[]): number => chances.reduce((sum, chance, place) => sum + chance / Math.log2(place + 2), 0);
const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
