/** What an installation says of itself: its controller, and what its own topologies, topics and stores are for. */
import { readFileSync } from 'node:fs';
import { LEGAL_BASES, SkillForgeError, errorMessageOf, type Activity, type PersonalClass, type Store } from '../../schemas/index.js';

/** Who answers for the processing: GDPR article 30(1)(a). */
export interface Controller {
  readonly name: string;
  readonly contact: string;
  readonly protectionOfficer?: string;
}

/** What a topic of the installation's own is for. */
export interface OwnTopic {
  readonly activities: readonly string[];
  /** Class of each field by its path, such as `personal.grade`, where the schema does not say it. */
  readonly fields?: Readonly<Record<string, PersonalClass>>;
}

/** The file, every part of which may be left out. */
export interface OwnInventory {
  readonly controller?: Controller;
  /** New ones, or those of the project with another legal basis. */
  readonly activities?: Readonly<Record<string, Activity>>;
  readonly topics?: Readonly<Record<string, OwnTopic>>;
  readonly topologies?: Readonly<Record<string, readonly string[]>>;
  readonly stores?: Readonly<Record<string, Store>>;
}

const PARTS = ['controller', 'activities', 'topics', 'topologies', 'stores'];
const CLASSES: readonly string[] = ['none', 'pseudonym', 'behavioural', 'profile', 'sensitive'] satisfies PersonalClass[];

type Json = Readonly<Record<string, unknown>>;

/** Reads the file. @throws SFS_FILE_UNREADABLE; SFS_INVENTORY_INVALID with the place of what is wrong */
export function readInventory(path: string): OwnInventory {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SkillForgeError('SFS_FILE_UNREADABLE', `${path} cannot be read: ${errorMessageOf(cause)}`, { cause, context: { path } });
  }
  const problem = (place: string, message: string): never => {
    throw new SkillForgeError('SFS_INVENTORY_INVALID', `${path}: ${place} ${message}`, { context: { path, place } });
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return problem('the file', `is no JSON: ${errorMessageOf(cause)}`);
  }
  checkInventory(json, problem);
  return json as OwnInventory;
}

type Refuse = (place: string, message: string) => never;

function checkInventory(json: unknown, refuse: Refuse): void {
  const parts = objectAt('the file', json, refuse);
  const unknown = Object.keys(parts).find((name) => !PARTS.includes(name));
  if (unknown !== undefined) refuse(unknown, `is no part of an inventory: ${PARTS.join(', ')}`);
  if (parts['controller'] !== undefined) textsAt('controller', parts['controller'], ['name', 'contact'], refuse);
  for (const [place, value] of entriesOf(parts, 'activities', refuse)) checkActivity(place, value, refuse);
  for (const [place, value] of entriesOf(parts, 'topics', refuse)) checkTopic(place, value, refuse);
  for (const [place, value] of entriesOf(parts, 'topologies', refuse)) namesAt(place, value, refuse);
  for (const [place, value] of entriesOf(parts, 'stores', refuse)) checkStore(place, value, refuse);
}

function checkActivity(place: string, value: unknown, refuse: Refuse): void {
  const { legalBasis } = textsAt(place, value, ['purpose', 'legalBasis', 'persons', 'recipients'], refuse);
  if (!(LEGAL_BASES as readonly unknown[]).includes(legalBasis)) refuse(`${place}.legalBasis`, `must be one of ${LEGAL_BASES.join(', ')}`);
}

function checkTopic(place: string, value: unknown, refuse: Refuse): void {
  const { activities, fields } = objectAt(place, value, refuse);
  namesAt(`${place}.activities`, activities, refuse);
  for (const [path, kind] of Object.entries(objectAt(`${place}.fields`, fields ?? {}, refuse))) checkClass(`${place}.fields.${path}`, kind, refuse);
}

function checkStore(place: string, value: unknown, refuse: Refuse): void {
  const { holds, activities, inFolder } = textsAt(place, value, ['description', 'kept'], refuse);
  namesAt(`${place}.activities`, activities, refuse);
  for (const kind of namesAt(`${place}.holds`, holds, refuse)) checkClass(`${place}.holds`, kind, refuse);
  namesAt(`${place}.inFolder`, inFolder, refuse);
}

function checkClass(place: string, kind: unknown, refuse: Refuse): void {
  if (!CLASSES.includes(String(kind))) refuse(place, `must be one of ${CLASSES.join(', ')}`);
}

function entriesOf(parts: Json, name: string, refuse: Refuse): [place: string, value: unknown][] {
  return Object.entries(objectAt(name, parts[name] ?? {}, refuse)).map(([key, value]) => [`${name}.${key}`, value]);
}

function objectAt(place: string, value: unknown, refuse: Refuse): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : refuse(place, 'must be an object');
}

function textsAt(place: string, value: unknown, names: readonly string[], refuse: Refuse): Json {
  const found = objectAt(place, value, refuse);
  for (const name of names) if (typeof found[name] !== 'string' || found[name] === '') refuse(`${place}.${name}`, 'must be a text');
  return found;
}

function namesAt(place: string, value: unknown, refuse: Refuse): readonly string[] {
  const isList = Array.isArray(value) && value.every((name) => typeof name === 'string');
  return isList ? value : refuse(place, 'must be a list of names');
}
