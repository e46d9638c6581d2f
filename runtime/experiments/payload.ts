/** What a GrowthBook payload must be like for decisions to be made under it. */
import { canonicalJson } from '../../operators/graph.js';
import { SkillForgeError } from '../../schemas/index.js';
import { FEATURES, FEATURE_NAMES, type FeatureName } from './features.js';
import { ruleProblems } from './rules.js';
import { isObject, problem, type JsonObject, type Problem } from './problem.js';
import { MOST_VERSIONS, RANKER_FEATURE, numbersIn } from './rankerValues.js';

/** A payload that was checked, without what recommendations do not ask for. */
export interface ExperimentPayload {
  /** Canonical JSON of the features that recommendations ask for, of those that these ask for, and of the saved groups. */
  readonly text: string;
  /** Instant of the last change in GrowthBook, ms; -Infinity where the payload does not say. */
  readonly updatedAtMs: number;
}

/** Keeps a task's progress small: the text is part of it. In UTF-16 units. */
export const MOST_PAYLOAD_LENGTH = 65_536;

const SAVED_GROUP = /"\$(inGroup|notInGroup|savedGroup)"/;

/** Everything that is wrong with a payload, in its order; empty where it can be used. Of features that recommendations do not ask for nothing is said. */
export function payloadProblems(value: unknown): Problem[] {
  if (!isObject(value)) return [problem([], 'a payload is an object with "features"')];
  for (const name of ['encryptedFeatures', 'encryptedSavedGroups'])
    if (typeof value[name] === 'string') return [problem([name], 'encrypted payloads cannot be read: switch encryption off for the SDK connection')];
  const { features, dateUpdated } = value;
  if (!isObject(features)) return [problem(['features'], 'is missing, or no object: features by their keys')];
  const found = askedFor(features).flatMap((name) => featureProblems(name, features));
  const versions = numbersIn(value);
  if (versions.length > MOST_VERSIONS)
    found.push(
      problem(['features', RANKER_FEATURE], `names ${versions.length} versions of the model; the most is ${MOST_VERSIONS}: each is in memory`),
    );
  if (Number.isNaN(updatedAt(dateUpdated))) found.push(problem(['dateUpdated'], 'is no instant'));
  if (found.length > 0) return found;
  const { length } = textOf(value);
  return length <= MOST_PAYLOAD_LENGTH
    ? []
    : [problem(['features'], `what recommendations need is ${length} characters long; the most is ${MOST_PAYLOAD_LENGTH}`)];
}

/** @throws SFS_EXPERIMENTS_INVALID with the first problem; `problems` in the context has them all */
export function readPayload(text: string, from: string): ExperimentPayload {
  const value = parsed(text, from);
  const problems = payloadProblems(value);
  const [first] = problems;
  if (first !== undefined) {
    const more = problems.length > 1 ? `, and ${problems.length - 1} more: skillforge experiment validate shows them` : '';
    throw new SkillForgeError('SFS_EXPERIMENTS_INVALID', `${from}: ${first.place} ${first.message}${more}`, { context: { from, problems } });
  }
  const payload = value as JsonObject;
  return { text: textOf(payload), updatedAtMs: updatedAt(payload['dateUpdated']) };
}

/** In ms; -Infinity where nothing is said, NaN where it is no instant. */
function updatedAt(said: unknown): number {
  if (said === undefined) return -Infinity;
  return typeof said === 'string' ? Date.parse(said) : NaN;
}

function parsed(text: string, from: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SkillForgeError('SFS_EXPERIMENTS_INVALID', `${from} is no JSON: ${(cause as Error).message}`, { cause, context: { from } });
  }
}

function textOf({ features, savedGroups }: JsonObject): string {
  const all = features as JsonObject;
  const kept = Object.fromEntries(askedFor(all).map((name) => [name, all[name]]));
  const text = canonicalJson({ features: kept });
  return SAVED_GROUP.test(text) ? canonicalJson({ features: kept, savedGroups }) : text;
}

/** The features of recommendations that are there, and those that they have as prerequisites, in turn. */
function askedFor(features: JsonObject): string[] {
  const found = new Set<string>(FEATURE_NAMES.filter((name) => Object.hasOwn(features, name)));
  for (const name of found) for (const { id } of prerequisitesOf(features[name])) if (Object.hasOwn(features, id)) found.add(id);
  return [...found];
}

function prerequisitesOf(feature: unknown): { readonly id: string }[] {
  const rules: readonly unknown[] = isObject(feature) && Array.isArray(feature['rules']) ? feature['rules'] : [];
  const conditions = rules.flatMap((rule): readonly unknown[] =>
    isObject(rule) && Array.isArray(rule['parentConditions']) ? rule['parentConditions'] : [],
  );
  return conditions.flatMap((one) => (isObject(one) && typeof one['id'] === 'string' ? [{ id: one['id'] }] : []));
}

function featureProblems(name: string, features: JsonObject): Problem[] {
  const path = ['features', name];
  const feature = features[name];
  if (!isObject(feature)) return [problem(path, 'is no object')];
  const { defaultValue = null, rules = [] } = feature;
  // Any value will do where it is only a prerequisite.
  const wrongWith = Object.hasOwn(FEATURES, name) ? FEATURES[name as FeatureName].wrongWith : () => null;
  const wrong = defaultValue === null ? null : wrongWith(defaultValue);
  const found = wrong === null ? [] : [problem([...path, 'defaultValue'], wrong)];
  if (!Array.isArray(rules)) return [...found, problem([...path, 'rules'], 'is no list')];
  const missing = prerequisitesOf(feature).filter(({ id }) => !Object.hasOwn(features, id));
  return [
    ...found,
    ...rules.flatMap((rule: unknown, at) => ruleProblems(rule, [...path, 'rules', at], wrongWith)),
    ...missing.map(({ id }) => problem([...path, 'rules'], `asks for the feature "${id}", which the payload does not have`)),
  ];
}
