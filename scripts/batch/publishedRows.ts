/** The rows of a day of batch features as decisions may see them: of enough learners, in one record for each course and cohort. */
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { SEEN_OF_COHORTS, SEEN_OF_ITEMS, type SeenFeature, type SeenView } from '../../operators/features/batchFeatures.js';
import { COHORT_FLOOR } from '../../operators/recommend/index.js';
import type { BatchFeatures, Opened } from '../../schemas/index.js';
import type { BatchModel } from './models.js';

/** Items of each course, in their order. */
export type Courses = ReadonlyMap<string, readonly string[]>;

/** What has a value, by group: items of each course of which some item has one, or each cohort. */
type Known = Readonly<Record<string, readonly string[]>>;

/** What has a value, by the name of the view. */
export type Groups = Readonly<Record<string, Known>>;

/** A day that was made: where its files are. */
export interface MadeDay {
  /** The first instant after it, ms. */
  readonly endMs: number;
  /** File of a model. */
  readonly pathOf: (model: BatchModel) => string;
}

type Row = Readonly<Record<string, unknown>>;
type Values = readonly (number | null)[];
type Published = Omit<Opened<BatchFeatures>, 'knownFromMs' | 'region'>;

/** Rows to publish, and what has a value in them. */
export interface PublishedRows {
  readonly records: readonly Published[];
  /** The records without what is told once: the same however often the day is published. */
  readonly lasting: readonly Published[];
  readonly groups: Groups;
}

type ViewRows = Pick<PublishedRows, 'records' | 'lasting'> & { readonly known: Known };

/** A value of a feature: none where it would be of fewer learners than may be told of. */
function valueOf(row: Row, { stored, counts }: SeenFeature): number | null {
  const value = row[stored.name];
  const isOfEnough = counts.every((count) => Number(row[count] ?? 0) >= COHORT_FLOOR);
  return isOfEnough && value !== null && value !== undefined ? Number(value) : null;
}

async function valuesIn({ view, features }: SeenView, { pathOf }: MadeDay): Promise<ReadonlyMap<string, Values>> {
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(pathOf(view.name as BatchModel)) });
  const [entity] = view.entities;
  const named = rows.filter((row: Row) => row[entity!] !== '');
  return new Map(named.map((row: Row) => [String(row[entity!]), features.map((feature) => valueOf(row, feature))]));
}

/** What of each group has a value; a group without any is left out. */
function knownIn(entitiesOf: Courses, values: ReadonlyMap<string, Values>): Known {
  const isKnown = (entity: string): boolean => values.get(entity)?.some((value) => value !== null) === true;
  const known = [...entitiesOf].map(([group, entities]) => [group, entities.filter(isKnown)] as const);
  return Object.fromEntries(known.filter(([, entities]) => entities.length > 0));
}

/**
 * What had values and has none any more, or is of another course by now, is told once more, without any: nobody goes on with what they were, and
 * who joins single rows finds what a decision finds.
 *
 * @param entitiesOf - what the rows of each group are about, of all groups that may be published
 * @param before - what had a value in what was published last
 */
async function recordsOf(seen: SeenView, day: MadeDay, entitiesOf: Courses, before: Known): Promise<ViewRows> {
  const values = await valuesIn(seen, day);
  const known = knownIn(entitiesOf, values);
  const none = seen.features.map(() => null);
  const features = seen.features.map(({ stored }) => stored.name);
  const recordOf = (group: string, goneFrom: Known): Published => {
    const own = new Set(entitiesOf.get(group));
    const gone = (goneFrom[group] ?? []).filter((entity) => !own.has(entity));
    const rows = [...own, ...gone].map((entity) => ({ entity, values: (own.has(entity) ? values.get(entity) : undefined) ?? none }));
    return { view: seen.view.name, group, asOfMs: day.endMs, features, rows };
  };
  const lasting = Object.keys(known).sort();
  const told = [...new Set([...lasting, ...Object.keys(before)])].sort();
  return { records: told.map((group) => recordOf(group, before)), lasting: lasting.map((group) => recordOf(group, {})), known };
}

/** What there is to publish of a day. @param before - what had a value in what was published last */
export async function publishedRows(day: MadeDay, courses: Courses, before: Groups): Promise<PublishedRows> {
  const itemView = SEEN_OF_ITEMS.view.name;
  const cohortView = SEEN_OF_COHORTS.view.name;
  const cohorts = new Map([...(await valuesIn(SEEN_OF_COHORTS, day)).keys()].map((name) => [name, [name]]));
  const items = await recordsOf(SEEN_OF_ITEMS, day, courses, before[itemView] ?? {});
  const pace = await recordsOf(SEEN_OF_COHORTS, day, cohorts, before[cohortView] ?? {});
  return {
    records: [...items.records, ...pace.records],
    lasting: [...items.lasting, ...pace.lasting],
    groups: { [itemView]: items.known, [cohortView]: pace.known },
  };
}
