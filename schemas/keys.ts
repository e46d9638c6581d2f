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
/** Identity of a control record. */
export type ControlKey = string & KeyBrand<'ControlKey'>;
/** `topic/partition/offset` of the record that failed, with the operator for late ones. */
export type DeadLetterKey = string & KeyBrand<'DeadLetterKey'>;

/** Between the parts of a compound key. */
export const KEY_SEPARATOR = '|';

function branded<K extends string>(kind: string, value: string): K {
  if (typeof value !== 'string' || value.length === 0) {
    throw new SkillForgeError('SFS_KEY_INVALID', `A ${kind} must be a non-empty string`, { context: { kind } });
  }
  return value as K;
}

/** Takes a string as a learner's pseudonym. @throws SFS_KEY_INVALID when empty */
export const learnerId = (value: string): LearnerId => branded('LearnerId', value);
/** Takes a string as a course. @throws SFS_KEY_INVALID when empty */
export const courseId = (value: string): CourseId => branded('CourseId', value);
/** Takes a string as a cohort. @throws SFS_KEY_INVALID when empty */
export const cohortId = (value: string): CohortId => branded('CohortId', value);
/** Takes a string as an item. @throws SFS_KEY_INVALID when empty */
export const itemId = (value: string): ItemId => branded('ItemId', value);
/** Takes a string as the key of a control record. @throws SFS_KEY_INVALID when empty */
export const controlKey = (value: string): ControlKey => branded('ControlKey', value);

/** Key of an item within a cohort. @throws SFS_KEY_INVALID when a part is empty or the cohort holds `|` */
export function cohortItemKey(cohort: string, item: string): CohortItemKey {
  branded('CohortId', cohort);
  branded('ItemId', item);
  if (cohort.includes(KEY_SEPARATOR)) {
    throw new SkillForgeError('SFS_KEY_INVALID', `A cohort within a CohortItemKey must not hold "${KEY_SEPARATOR}"`);
  }
  return `${cohort}${KEY_SEPARATOR}${item}` as CohortItemKey;
}

/** The parts of a {@link CohortItemKey}. @throws SFS_KEY_INVALID when it has no separator */
export function splitCohortItemKey(key: CohortItemKey): { readonly cohort: CohortId; readonly item: ItemId } {
  const at = key.indexOf(KEY_SEPARATOR);
  if (at < 0) throw new SkillForgeError('SFS_KEY_INVALID', `Not a CohortItemKey: no "${KEY_SEPARATOR}"`);
  return { cohort: cohortId(key.slice(0, at)), item: itemId(key.slice(at + 1)) };
}

/** The segment of a course that holds all its learners. */
export const WHOLE_COURSE = 'all';

/** Key of the list of a segment of a course. @throws SFS_KEY_INVALID when a part is empty or the course holds `|` */
export function segmentKey(course: string, segment: string): SegmentKey {
  branded('CourseId', course);
  branded('segment', segment);
  if (course.includes(KEY_SEPARATOR)) {
    throw new SkillForgeError('SFS_KEY_INVALID', `A course within a SegmentKey must not hold "${KEY_SEPARATOR}"`);
  }
  return `${course}${KEY_SEPARATOR}${segment}` as SegmentKey;
}

/** The parts of a {@link SegmentKey}. @throws SFS_KEY_INVALID when it has no separator */
export function splitSegmentKey(key: SegmentKey): { readonly course: CourseId; readonly segment: string } {
  const at = key.indexOf(KEY_SEPARATOR);
  if (at < 0) throw new SkillForgeError('SFS_KEY_INVALID', `Not a SegmentKey: no "${KEY_SEPARATOR}"`);
  return { course: courseId(key.slice(0, at)), segment: key.slice(at + 1) };
}

/** Key of a dead letter or late record: its source position, and the operator when given. @throws SFS_KEY_INVALID when the topic is empty */
export function deadLetterKey(sourceTopic: string, sourcePartition: number, sourceOffset: number, operator?: string): DeadLetterKey {
  branded('source topic', sourceTopic);
  const position = `${sourceTopic}/${String(sourcePartition)}/${String(sourceOffset)}`;
  return (operator === undefined ? position : `${position}/${operator}`) as DeadLetterKey;
}
