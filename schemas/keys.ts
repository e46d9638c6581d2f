import { SkillForgeError } from './errors.js';

/** What tells one kind of key from another; it does not exist at run time. */
export interface KeyBrand<Name extends string> {
  readonly __key: Name;
}

/** Pseudonym of a learner, from the identity map; never a name or an address. */
export type LearnerId = string & KeyBrand<'LearnerId'>;
/** Presentation of a course, such as `AAA-2014J`. */
export type CourseId = string & KeyBrand<'CourseId'>;
/** Group of learners who take a course together. */
export type CohortId = string & KeyBrand<'CohortId'>;
/** Catalogue item. */
export type ItemId = string & KeyBrand<'ItemId'>;
/** `cohort|item`: the key of trends. The cohort holds no `|`, the item may. */
export type CohortItemKey = string & KeyBrand<'CohortItemKey'>;
/** `course|segment`: the key of a segment's list. The course holds no `|`, the segment may. */
export type SegmentKey = string & KeyBrand<'SegmentKey'>;
/** `view|group`: the key of batch features. The view holds no `|`, the group may. */
export type BatchFeaturesKey = string & KeyBrand<'BatchFeaturesKey'>;
/** Identity of a control record. */
export type ControlKey = string & KeyBrand<'ControlKey'>;
/** `topic/partition/offset` of the record that failed, with the operator for late ones. */
export type DeadLetterKey = string & KeyBrand<'DeadLetterKey'>;
/** Identity of a request of a learner by right. */
export type RightsRequestKey = string & KeyBrand<'RightsRequestKey'>;

/** Between the parts of a compound key. */
export const KEY_SEPARATOR = '|';

function branded<K extends string>(kind: string, value: string): K {
  if (typeof value !== 'string' || value.length === 0) {
    throw new SkillForgeError('SFS_KEY_INVALID', `A ${kind} must be a non-empty string`, { context: { kind } });
  }
  return value as K;
}

/** Two parts in one key: the second may hold the separator, the first may not. @param first - what the first part is called */
function compound<K extends string>(kind: string, first: string, firstPart: string, secondPart: string): K {
  if (firstPart.includes(KEY_SEPARATOR)) {
    throw new SkillForgeError('SFS_KEY_INVALID', `A ${first} within a ${kind} must not hold "${KEY_SEPARATOR}"`);
  }
  return `${firstPart}${KEY_SEPARATOR}${secondPart}` as K;
}

function partsOf(kind: string, key: string): readonly [first: string, second: string] {
  const at = key.indexOf(KEY_SEPARATOR);
  if (at < 0) throw new SkillForgeError('SFS_KEY_INVALID', `Not a ${kind}: no "${KEY_SEPARATOR}"`);
  return [key.slice(0, at), key.slice(at + 1)];
}

/** Takes a string as a learner's pseudonym. @throws SFS_KEY_INVALID when empty */
export const learnerId = (value: string): LearnerId => branded('LearnerId', value);
/** Takes a string as a course. @throws SFS_KEY_INVALID when empty */
export const courseId = (value: string): CourseId => branded('CourseId', value);
/** Takes a string as a cohort. @throws SFS_KEY_INVALID when empty */
export const cohortId = (value: string): CohortId => branded('CohortId', value);
/** Takes a string as an item. @throws SFS_KEY_INVALID when empty */
export const itemId = (value: string): ItemId => branded('ItemId', value);
/** Takes a string as the identity of a request. @throws SFS_KEY_INVALID when empty */
export const rightsRequestKey = (value: string): RightsRequestKey => branded('RightsRequestKey', value);
/** Takes a string as the key of a control record. @throws SFS_KEY_INVALID when empty */
export const controlKey = (value: string): ControlKey => branded('ControlKey', value);

/** Key of an item within a cohort. @throws SFS_KEY_INVALID when a part is empty or the cohort holds `|` */
export function cohortItemKey(cohort: string, item: string): CohortItemKey {
  return compound('CohortItemKey', 'cohort', cohortId(cohort), itemId(item));
}

/** The parts of a {@link CohortItemKey}. @throws SFS_KEY_INVALID when it has no separator */
export function splitCohortItemKey(key: CohortItemKey): { readonly cohort: CohortId; readonly item: ItemId } {
  const [cohort, item] = partsOf('CohortItemKey', key);
  return { cohort: cohortId(cohort), item: itemId(item) };
}

/** The segment of a course that holds all its learners. */
export const WHOLE_COURSE = 'all';

/** Key of the list of a segment of a course. @throws SFS_KEY_INVALID when a part is empty or the course holds `|` */
export function segmentKey(course: string, segment: string): SegmentKey {
  return compound('SegmentKey', 'course', courseId(course), branded('segment', segment));
}

/** The parts of a {@link SegmentKey}. @throws SFS_KEY_INVALID when it has no separator */
export function splitSegmentKey(key: SegmentKey): { readonly course: CourseId; readonly segment: string } {
  const [course, segment] = partsOf('SegmentKey', key);
  return { course: courseId(course), segment };
}

/** Key of the batch features of a course or cohort. @throws SFS_KEY_INVALID when a part is empty or the view holds `|` */
export function batchFeaturesKey(view: string, group: string): BatchFeaturesKey {
  return compound('BatchFeaturesKey', 'view', branded('view', view), branded('group', group));
}

/** Key of a dead letter or late record: its source position, and the operator when given. @throws SFS_KEY_INVALID when the topic is empty */
export function deadLetterKey(sourceTopic: string, sourcePartition: number, sourceOffset: number, operator?: string): DeadLetterKey {
  branded('source topic', sourceTopic);
  const position = `${sourceTopic}/${String(sourcePartition)}/${String(sourceOffset)}`;
  return (operator === undefined ? position : `${position}/${operator}`) as DeadLetterKey;
}
