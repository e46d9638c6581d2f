/** xAPI statements (ADL, version 1.0.3) as events of this project. */
import { assertCohort, placeOf, type IdSource, type RegionRules } from '../admission.js';
import { MOST_ITEMS, isObject, textOf, type JsonObject } from '../eventShape.js';
import type { NewEvent } from '../newEvent.js';
import { invalid } from '../refusal.js';
import { EXTENSIONS, assertAllowed } from './allowed.js';
import { identityOf } from './identity.js';
import { durationOf, instantOf } from './times.js';
import { VERBS, type VerbMeaning } from './verbs.js';

/** How statements are read. */
export interface StatementRules extends RegionRules {
  /** Properties that are left aside although they are not on the allow-list. */
  readonly dropped?: readonly string[];
  /** What the ids of activities begin with, and the ids of courses and items do not, such as `https://lms.example/activities/`. */
  readonly activityBase?: string;
}

/** A statement that was read. */
export interface ReadStatement {
  /** Its id, as given or made; lower case. */
  readonly id: string;
  /** What it says here; `null` when nothing: its verb means nothing to a topology, or a result is missing. */
  readonly event: NewEvent | null;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const COURSE_TYPE = /\/course$/;

/** Reads statements; what it needs of the rules is made once. */
export class StatementReader {
  private readonly dropped: ReadonlySet<string>;

  constructor(private readonly rules: StatementRules) {
    this.dropped = new Set(rules.dropped);
  }

  /** @throws SFS_FIELD_REFUSED, SFS_EVENT_INVALID, SFS_REGION_OTHER */
  read(json: unknown, ids: IdSource): ReadStatement {
    if (!isObject(json)) throw invalid('statement', 'must be an object');
    assertAllowed(json, this.dropped);
    const id = json['id'] === undefined ? ids.next() : uuidOf(json['id'], 'id');
    const identity = identityOf(part(json, 'actor'), 'actor');
    const meaning = VERBS.get(textOf(part(json, 'verb')['id'], 'verb.id'));
    const object = part(json, 'object');
    const context = json['context'] === undefined ? {} : part(json, 'context');
    const extensions = isObject(context['extensions']) ? context['extensions'] : {};
    const place = placeOf(this.rules, identity, optional(extensions, EXTENSIONS.region));
    if (meaning === undefined || !isActivity(object)) return { id, event: null };
    const outcome = outcomeOf(meaning, this.idOf(object, 'object'), json, extensions);
    return {
      id,
      event: outcome && {
        topic: outcome.topic,
        identity,
        ...place,
        value: { eventId: id, ...this.valueOf(json, context, extensions), ...outcome.value },
      },
    };
  }

  /** What all events have in common. */
  private valueOf(statement: JsonObject, context: JsonObject, extensions: JsonObject): CommonValue {
    const object = part(statement, 'object');
    const course = isCourse(object) ? this.idOf(object, 'object') : this.courseIn(context);
    const cohort = optional(extensions, EXTENSIONS.cohort) ?? course;
    assertCohort(course, 'context.contextActivities');
    assertCohort(cohort, `context.extensions.${EXTENSIONS.cohort}`);
    const occurredAtMs = statement['timestamp'] === undefined ? null : instantOf(statement['timestamp'], 'timestamp');
    return { course, cohort, occurredAtMs, region: this.rules.region };
  }

  /** The course that a statement is about: an activity of such a type, else what it groups or is the parent. */
  private courseIn(context: JsonObject): string {
    const path = 'context.contextActivities';
    const { grouping, parent } = isObject(context['contextActivities']) ? context['contextActivities'] : {};
    const around = [...activitiesIn(grouping), ...activitiesIn(parent)];
    const course = around.find(isCourse) ?? around[0];
    if (course === undefined) throw invalid(path, 'names no course: a grouping or a parent is needed');
    return this.idOf(course, path);
  }

  private idOf(activity: JsonObject, path: string): string {
    const { activityBase = '' } = this.rules;
    const given = activity['id'];
    return textOf(typeof given === 'string' && given.startsWith(activityBase) ? given.slice(activityBase.length) : given, `${path}.id`);
  }
}

/** A UUID in lower case. @throws SFS_EVENT_INVALID */
export function uuidOf(value: unknown, path: string): string {
  if (typeof value !== 'string' || !UUID.test(value)) throw invalid(path, 'must be a UUID');
  return value.toLowerCase();
}

interface CommonValue {
  readonly course: string;
  readonly cohort: string;
  readonly occurredAtMs: number | null;
  readonly region: string;
}

type Outcome = Pick<NewEvent, 'topic'> & { readonly value: { readonly personal: object } };

function outcomeOf(meaning: VerbMeaning, item: string, statement: JsonObject, extensions: JsonObject): Outcome | null {
  const result = isObject(statement['result']) ? statement['result'] : {};
  switch (meaning) {
    case 'RESULT':
      return quizResult(item, result, extensions);
    case 'ENROLLED':
    case 'UNENROLLED':
      return { topic: 'lms-events', value: { personal: { kind: meaning, item: null, dueAtMs: null, hoursPerWeek: null } } };
    case 'DWELL':
      return result['duration'] === undefined ? null : click(meaning, item, durationOf(result['duration'], 'result.duration'));
    default:
      return click(meaning, item, 0);
  }
}

const click = (action: string, item: string, dwellMs: number): Outcome => ({
  topic: 'clicks',
  value: { personal: { action, item, dwellMs, clicks: 1 } },
});

/** A result without a score and without success tells nothing. */
function quizResult(item: string, result: JsonObject, extensions: JsonObject): Outcome | null {
  const { success } = result;
  if (success !== undefined && typeof success !== 'boolean') throw invalid('result.success', 'must be true or false');
  const scaled = scaledIn(result);
  if (success === undefined && scaled === null) return null;
  // A score below 0 is less than nothing: here, nothing.
  const score = Math.max(0, scaled ?? (success === true ? 1 : 0));
  const correct = success ?? score >= PASS_MARK;
  return {
    topic: 'quiz-results',
    value: { personal: { item, skills: skillsIn(extensions), score, attempts: attemptsIn(extensions), correct, banked: false } },
  };
}

function scaledIn({ score }: JsonObject): number | null {
  const scaled = isObject(score) ? score['scaled'] : undefined;
  if (scaled === undefined) return null;
  if (typeof scaled === 'number' && scaled >= -1 && scaled <= 1) return scaled;
  throw invalid('result.score.scaled', 'must be a number from -1 to 1');
}

/** Where a statement tells no success, half of the score is one. */
const PASS_MARK = 0.5;

function skillsIn(extensions: JsonObject): string[] {
  const skills = extensions[EXTENSIONS.skills] ?? [];
  if (!Array.isArray(skills) || skills.length > MOST_ITEMS)
    throw invalid(`context.extensions.${EXTENSIONS.skills}`, `must be a list of at most ${MOST_ITEMS}`);
  return skills.map((skill) => textOf(skill, `context.extensions.${EXTENSIONS.skills}`));
}

function attemptsIn(extensions: JsonObject): number {
  const attempts = extensions[EXTENSIONS.attempts] ?? 1;
  if (typeof attempts === 'number' && Number.isInteger(attempts) && attempts >= 1 && attempts < 2 ** 31) return attempts;
  throw invalid(`context.extensions.${EXTENSIONS.attempts}`, 'must be a whole number from 1 on');
}

function part(of: JsonObject, name: string): JsonObject {
  const value = of[name];
  if (isObject(value)) return value;
  throw invalid(name, value === undefined ? 'is missing' : 'must be an object');
}

const optional = (extensions: JsonObject, name: string): string | undefined =>
  extensions[name] === undefined ? undefined : textOf(extensions[name], `context.extensions.${name}`);

const isActivity = ({ objectType }: JsonObject): boolean => objectType === undefined || objectType === 'Activity';

const activitiesIn = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value : [value]).filter(isObject);

function isCourse({ definition }: JsonObject): boolean {
  const type = isObject(definition) ? definition['type'] : undefined;
  return typeof type === 'string' && COURSE_TYPE.test(type);
}
