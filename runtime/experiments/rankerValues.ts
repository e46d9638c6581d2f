/** The values of the feature that says what ranks, wherever a payload has them. */
import { versionIn } from '../../operators/ports/experiments.js';
import { isObject, type JsonObject } from './problem.js';

/** Key of that feature. */
export const RANKER_FEATURE = 'recommendations.ranker';
/** Versions that a payload may name: each has a scoring thread and its bundle in memory, beside the model that decides. */
export const MOST_VERSIONS = 4;

/** Numbers of the versions that a payload names, each once. */
export function numbersIn(payload: JsonObject): string[] {
  const numbers = new Set<string>();
  withRankers(payload, (ranker) => {
    const number = versionIn(ranker);
    if (number !== null) numbers.add(number);
    return true;
  });
  return [...numbers];
}

/** The payload, where a variation that is not usable has the value of the first one, its control; where that is not either, and elsewhere, `model`. */
export function withRankers(payload: JsonObject, isUsable: (ranker: string) => boolean): JsonObject {
  const { features } = payload;
  const feature = isObject(features) ? features[RANKER_FEATURE] : undefined;
  if (!isObject(features) || !isObject(feature)) return payload;
  const usable = (value: unknown, instead: unknown = 'model'): unknown => (typeof value === 'string' && !isUsable(value) ? instead : value);
  const { rules } = feature;
  const changed = {
    ...feature,
    ...('defaultValue' in feature ? { defaultValue: usable(feature['defaultValue']) } : {}),
    ...(Array.isArray(rules) ? { rules: rules.map((rule: unknown) => (isObject(rule) ? ruleWith(rule, usable) : rule)) } : {}),
  };
  return { ...payload, features: { ...features, [RANKER_FEATURE]: changed } };
}

function ruleWith(rule: JsonObject, usable: (value: unknown, instead?: unknown) => unknown): JsonObject {
  const { variations } = rule;
  if ('force' in rule) return { ...rule, force: usable(rule['force']) };
  if (!Array.isArray(variations)) return rule;
  const control = usable(variations[0]);
  return { ...rule, variations: variations.map((value: unknown) => usable(value, control)) };
}
