import { SkillForgeError, type Topic } from '../../schemas/index.js';
import type { FeatureDeclaration } from '../features/declarations.js';

/** Types of a single value, by the names that Feast gives them. `UNIX_TIMESTAMP` counts seconds since epoch. */
export const SCALAR_TYPES = ['BYTES', 'STRING', 'INT32', 'INT64', 'DOUBLE', 'FLOAT', 'BOOL', 'UNIX_TIMESTAMP'] as const;

/** Type of a single value. */
export type ScalarType = (typeof SCALAR_TYPES)[number];
/** Type of a stored feature: a single value, or a list of them. */
export type FeatureType = ScalarType | `${ScalarType}_LIST`;

/** A single value. Whole numbers of 64 bits are numbers where these are exact, bigint beyond. */
export type ScalarValue = string | number | bigint | boolean | Uint8Array;
/** A value of a stored feature; `null` where the row has none. */
export type FeatureValue = ScalarValue | readonly ScalarValue[] | null;

/** What stored features are about: the name of each is its join key, a text. */
export const ENTITIES = {
  learner: 'Pseudonym of a learner, from the identity map.',
  cohort: 'Group of learners who take a course together.',
  course: 'Presentation of a course.',
  item: 'Catalogue item.',
  segment: 'Group of learners by profile and first week.',
} as const;

/** Name of an entity, and of its join key. */
export type EntityName = keyof typeof ENTITIES;

/** A feature of a view. One of a stream view that has the name of an item feature is that feature, as the ranker sees it. */
export interface StoredFeature {
  /** In snake case. */
  readonly name: string;
  readonly type: FeatureType;
  readonly description: string;
}

/** What else is declared of a feature that a batch job makes: the same as of an item feature. */
export interface BatchFeature extends StoredFeature {
  /** Such as `count`, `0..1`, `days`. */
  readonly unit: string;
  /** Days up to the end of the row's day that it covers, such as `7d`; `null` where it is of all that was told up to then. */
  readonly window: string | null;
  /** What to take where there is no row, or `null` in it; `null` where nothing can stand in. */
  readonly fallback: number | null;
  /** Class of the personal data that it tells of, as in the schemas. */
  readonly personal: FeatureDeclaration['personal'];
}

/** Features of one thing that change together: a row has a value, or `null`, for each. */
export interface FeatureView {
  /** In snake case. */
  readonly name: string;
  readonly description: string;
  readonly entities: readonly EntityName[];
  /** How long a row holds after its event time, ms, inclusive; `null` until the next one. */
  readonly ttlMs: number | null;
  readonly features: readonly StoredFeature[];
}

/** A row: whom it is about, and the values in the order of the view's features. */
export interface FeatureRow {
  readonly entity: Readonly<Partial<Record<EntityName, string>>>;
  readonly values: readonly FeatureValue[];
}

/** A view whose rows are those of a topic. The event time of a row is that of its record. */
export interface StreamView<V = unknown> extends FeatureView {
  readonly topic: Topic<string, V>;
  /** Of a topic that no topology writes: the event time of a record, as the source of the topology reads it. */
  eventTimeMs?(value: V): number;
  rowsOf(value: V): Iterable<FeatureRow>;
}

/** A view whose rows a batch job makes. */
export interface BatchView extends FeatureView {
  readonly features: readonly BatchFeature[];
}

/** Views that are asked for together. */
export interface FeatureService {
  readonly name: string;
  readonly description: string;
  readonly views: readonly FeatureView[];
}

/** Declares a view whose rows are those of a topic. @throws SFS_FEATURE_VIEW as {@link featureView} */
export const streamView = <V>(view: StreamView<V>): StreamView<V> => featureView(view);

const NAME = /^[a-z][a-z0-9_]*$/;

/**
 * Declares a view. @throws SFS_FEATURE_VIEW for a name that is not in snake case or stands twice, a view without entities or features, a ttl of
 * less than a millisecond
 */
export function featureView<F extends FeatureView>(view: F): F {
  const { name: own, entities, features, ttlMs } = view;
  const refuse = (reason: string): never => {
    throw new SkillForgeError('SFS_FEATURE_VIEW', `feature view ${own}: ${reason}`, { context: { view: own } });
  };
  const columns = [...entities, ...features.map(({ name }) => name)];
  for (const name of [own, ...columns]) if (!NAME.test(name)) refuse(`${JSON.stringify(name)} is not in snake case`);
  if (new Set(columns).size < columns.length) refuse('a name stands twice');
  if (entities.length === 0 || features.length === 0) refuse('it needs an entity and a feature');
  if (ttlMs !== null && !(Number.isSafeInteger(ttlMs) && ttlMs > 0)) refuse('ttlMs must be null or a whole number above 0');
  return view;
}
