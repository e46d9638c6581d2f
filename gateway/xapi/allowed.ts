/** The allow-list of xAPI statements: the properties of version 1.0.3, and the extensions that are read here. */
import { isObject, type JsonObject } from '../eventShape.js';
import { notAllowed } from '../refusal.js';

/** Beginning of the extensions that this project defines. */
const EXTENSION = 'https://skillforge.eu/xapi/';

/** Extensions of `context` that are read: see docs/how-to/send-events.md. */
export const EXTENSIONS = {
  region: `${EXTENSION}region`,
  cohort: `${EXTENSION}cohort`,
  skills: `${EXTENSION}skills`,
  attempts: `${EXTENSION}attempts`,
} as const;

/** `true` for a property that may be there, whatever it holds: what is not read is not kept. */
interface Allowed {
  readonly [property: string]: true | Allowed;
}

const properties = (...names: readonly string[]): Allowed => Object.fromEntries(names.map((name) => [name, true]));

const ACTOR: Allowed = { ...properties('objectType', 'name', 'mbox', 'mbox_sha1sum', 'openid'), account: properties('homePage', 'name') };
const DEFINITION: Allowed = {
  ...properties('name', 'description', 'type', 'moreInfo', 'interactionType', 'correctResponsesPattern'),
  ...properties('choices', 'scale', 'source', 'target', 'steps'),
  extensions: {},
};
const ACTIVITY: Allowed = { objectType: true, id: true, definition: DEFINITION };

/** No `attachments` and no `result.response`: what a learner wrote is not needed here. */
const STATEMENT: Allowed = {
  ...properties('id', 'timestamp', 'stored', 'authority', 'version'),
  actor: ACTOR,
  verb: properties('id', 'display'),
  object: ACTIVITY,
  result: { ...properties('success', 'completion', 'duration'), score: properties('scaled', 'raw', 'min', 'max'), extensions: {} },
  context: {
    ...properties('registration', 'instructor', 'team', 'revision', 'platform', 'language', 'statement'),
    contextActivities: { parent: ACTIVITY, grouping: ACTIVITY, category: ACTIVITY, other: ACTIVITY },
    extensions: properties(...Object.values(EXTENSIONS)),
  },
};

/**
 * Refuses a statement with a property that is not on the list.
 * @param dropped - properties that are left aside instead, with all that is in them, such as `result.response` or `context.extensions`
 * @throws SFS_FIELD_REFUSED with the name of the property
 */
export function assertAllowed(statement: JsonObject, dropped: ReadonlySet<string>): void {
  assertWithin(statement, STATEMENT, '', dropped);
}

function assertWithin(value: JsonObject, allowed: Allowed, path: string, dropped: ReadonlySet<string>): void {
  for (const name in value) {
    const here = path === '' ? name : `${path}.${name}`;
    if (dropped.has(here)) continue;
    const rule = Object.hasOwn(allowed, name) ? allowed[name] : undefined;
    if (rule === undefined) throw notAllowed(here);
    if (rule !== true) for (const one of objectsIn(value[name])) assertWithin(one, rule, here, dropped);
  }
}

/** An object, or those of a list. */
const objectsIn = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value : [value]).filter(isObject);
