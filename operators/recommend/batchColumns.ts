import type { BatchFeatures } from '../../schemas/index.js';
import { SEEN_OF_COHORTS, SEEN_OF_ITEMS, type SeenView } from '../features/batchFeatures.js';
import { itemFeatures } from '../features/itemFeatures.js';
import { COLUMNS, type CandidateRows } from './candidateRows.js';

/** What a decision found of the daily batch, as of its time: of the items of the course, and of the cohort. */
export interface CourseBatch {
  readonly items: BatchFeatures | undefined;
  readonly cohort: BatchFeatures | undefined;
}

/** The columns that a view fills. */
interface ViewColumns {
  readonly view: SeenView['view'];
  readonly columns: readonly number[];
  /** Values of each row by what it is about; `undefined` where it has none. Made once for each record: decisions share it. */
  readonly valuesOf: (record: BatchFeatures) => ReadonlyMap<string, readonly (number | undefined)[]>;
}

function columnsOf({ view, features }: SeenView): ViewColumns {
  const kept = new WeakMap<BatchFeatures, ReadonlyMap<string, readonly (number | undefined)[]>>();
  const made = (record: BatchFeatures): ReadonlyMap<string, readonly (number | undefined)[]> => {
    const places = features.map(({ stored }) => record.features.indexOf(stored.name));
    return new Map(record.rows.map(({ entity, values }) => [entity, places.map((place) => values[place] ?? undefined)]));
  };
  const valuesOf: ViewColumns['valuesOf'] = (record) => {
    let values = kept.get(record);
    if (values === undefined) kept.set(record, (values = made(record)));
    return values;
  };
  return { view, columns: features.map(({ declaration }) => itemFeatures.column(declaration.name)), valuesOf };
}

const OF_ITEMS = columnsOf(SEEN_OF_ITEMS);
const OF_COHORTS = columnsOf(SEEN_OF_COHORTS);

/** A row holds as long as its view says, so that a publisher that has stopped is not believed for ever. */
const holds = ({ view }: ViewColumns, { knownFromMs }: BatchFeatures, atMs: number): boolean =>
  view.ttlMs === null || atMs - knownFromMs <= view.ttlMs;

/** Writes what the daily batch says of each candidate; what is not known keeps its default. */
export function describeBatch(rows: CandidateRows, { items, cohort }: CourseBatch, cohortName: string, atMs: number): void {
  if (items !== undefined && holds(OF_ITEMS, items, atMs)) {
    const values = OF_ITEMS.valuesOf(items);
    for (let row = 0; row < rows.rows; row++) write(rows, row, OF_ITEMS, values.get(rows.items[row]!));
  }
  if (cohort !== undefined && holds(OF_COHORTS, cohort, atMs)) {
    const values = OF_COHORTS.valuesOf(cohort).get(cohortName);
    for (let row = 0; row < rows.rows; row++) write(rows, row, OF_COHORTS, values);
  }
}

function write({ values }: CandidateRows, row: number, { columns }: ViewColumns, known: readonly (number | undefined)[] | undefined): void {
  if (known === undefined) return;
  for (let n = 0; n < columns.length; n++) {
    const value = known[n];
    if (value !== undefined) values[row * COLUMNS + columns[n]!] = value;
  }
}

/** The values of each row of a record, by what the row is about, as the ranker sees them; `null` where it sees the default. */
export function* seenRows(seen: SeenView, record: BatchFeatures): Generator<readonly [entity: string, values: readonly (number | null)[]]> {
  const { valuesOf } = seen === SEEN_OF_ITEMS ? OF_ITEMS : OF_COHORTS;
  for (const [entity, values] of valuesOf(record)) yield [entity, values.map((value) => value ?? null)];
}
