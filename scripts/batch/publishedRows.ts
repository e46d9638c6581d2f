/** The rows of a day of batch features as decisions may see them: of enough learners, in one record for each course and cohort. */
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { SEEN_OF_COHORTS, SEEN_OF_ITEMS, type SeenFeature, type SeenView } from '../../operators/features/batchFeatures.js';
import { COHORT_FLOOR } from '../../operators/recommend/index.js';
import type { BatchFeatures, Opened } from '../../schemas/index.js';
import type { BatchModel } from './models.js';

/** Items of each course, in their order. */
export type Courses = ReadonlyMap<string, readonly string[]>;

/** Groups of each view that have a value, by the name of the view: a course of which some item has one, or a cohort. */
export type Groups = Readonly<Record<string, readonly string[]>>;

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

/** Rows to publish, and the groups that have any. */
export interface PublishedRows {
  readonly records: readonly Published[];
  readonly groups: Groups;
}

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

/** @param entitiesOf - what the rows of each group are about, of all groups that may be published */
async function recordsOf(seen: SeenView, day: MadeDay, entitiesOf: Courses, before: readonly string[]): Promise<[Published[], string[]]> {
  const values = await valuesIn(seen, day);
  const isKnown = (entity: string): boolean => values.get(entity)?.some((value) => value !== null) === true;
  const groups = [...entitiesOf.keys()].filter((group) => entitiesOf.get(group)!.some(isKnown)).sort();
  const none = seen.features.map(() => null);
  // What had values and has none any more is told once more: nobody goes on with what they were.
  const told = [...new Set([...groups, ...before])].filter((group) => entitiesOf.has(group)).sort();
  const features = seen.features.map(({ stored }) => stored.name);
  const records = told.map((group) => {
    const rows = entitiesOf.get(group)!.map((entity) => ({ entity, values: values.get(entity) ?? none }));
    return { view: seen.view.name, group, asOfMs: day.endMs, features, rows };
  });
  return [records, groups];
}

/** What there is to publish of a day. @param before - groups that had a value in what was published last */
export async function publishedRows(day: MadeDay, courses: Courses, before: Groups): Promise<PublishedRows> {
  const itemView = SEEN_OF_ITEMS.view.name;
  const cohortView = SEEN_OF_COHORTS.view.name;
  const cohorts = [...(await valuesIn(SEEN_OF_COHORTS, day)).keys(), ...(before[cohortView] ?? [])];
  const [ofItems, courseGroups] = await recordsOf(SEEN_OF_ITEMS, day, courses, before[itemView] ?? []);
  const [ofCohorts, cohortGroups] = await recordsOf(SEEN_OF_COHORTS, day, new Map(cohorts.map((name) => [name, [name]])), before[cohortView] ?? []);
  return { records: [...ofItems, ...ofCohorts], groups: { [itemView]: courseGroups, [cohortView]: cohortGroups } };
}
