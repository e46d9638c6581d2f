/** What the rules of a feature must be like: those of experiments, and those that force a value. */
import { isObject, problem, type JsonObject, type JsonPath, type Problem } from './problem.js';

type WrongWith = (value: unknown) => string | null;

/** Names that stand in records beside others, with `:` and `,` between. */
const KEY = /^[\w.-]{1,64}$/;
/** Sums of weights may be so far from 1: GrowthBook writes 0.3334. */
const SLACK = 0.01;

/** What is wrong with a rule. @param wrongWith - what is wrong with a value of the feature */
export function ruleProblems(rule: unknown, path: JsonPath, wrongWith: WrongWith): Problem[] {
  if (!isObject(rule)) return [problem(path, 'is no object')];
  const refused = REFUSED.flatMap(([name, why]) => (rule[name] === undefined ? [] : [problem([...path, name], why)]));
  const targeting = [...conditionProblems(rule, path), ...hashProblems(rule, path), ...shareProblems(rule, path)];
  if ('force' in rule) return [...refused, ...valueProblems([rule['force']], () => [...path, 'force'], wrongWith), ...targeting];
  if (rule['variations'] === undefined) return refused.length > 0 ? refused : [problem(path, 'has neither "force" nor "variations"')];
  return [...refused, ...variationProblems(rule, path, wrongWith), ...targeting];
}

const BANDIT = 'is of a contextual bandit, which the log could not repeat: make it an experiment';
const REFUSED: readonly (readonly [string, string])[] = [
  ['contextualVariations', BANDIT],
  ['contextualBanditRef', BANDIT],
  ['fallbackAttribute', 'is not known here: learners have the attribute "id"'],
];

function variationProblems(rule: JsonObject, path: JsonPath, wrongWith: WrongWith): Problem[] {
  const { variations, key, hashVersion } = rule;
  if (!Array.isArray(variations) || variations.length < 2) return [problem([...path, 'variations'], 'must be a list of two values at least')];
  const found = valueProblems(variations, (at) => [...path, 'variations', at], wrongWith);
  if (typeof key !== 'string' || !KEY.test(key))
    found.push(problem([...path, 'key'], 'must name the experiment: letters, digits, ".", "-" and "_", at most 64'));
  if (hashVersion !== 2) {
    const said = hashVersion === undefined ? 'missing' : JSON.stringify(hashVersion);
    found.push(problem([...path, 'hashVersion'], `must be 2, not ${said}: version 1 favours some learners over several experiments`));
  }
  return [...found, ...layoutProblems(rule, variations.length, path)];
}

/** Of what must be there for each variation. */
function layoutProblems({ weights, ranges, meta }: JsonObject, count: number, path: JsonPath): Problem[] {
  const found: Problem[] = [];
  const wrong = (name: string, message: string): number => found.push(problem([...path, name], message));
  if (weights !== undefined && !areWeights(weights, count)) wrong('weights', `must be ${count} numbers from 0 to 1 that make 1`);
  if (ranges !== undefined && !areRanges(ranges, count)) wrong('ranges', `must be ${count} pairs of numbers from 0 to 1`);
  if (meta !== undefined && !areMeta(meta, count)) wrong('meta', `must be ${count} objects; their keys like that of the experiment`);
  return found;
}

function valueProblems(values: readonly unknown[], pathOf: (at: number) => JsonPath, wrongWith: WrongWith): Problem[] {
  return values.flatMap((value, at) => {
    const wrong = wrongWith(value);
    return wrong === null ? [] : [problem(pathOf(at), wrong)];
  });
}

function conditionProblems({ condition }: JsonObject, path: JsonPath): Problem[] {
  if (condition === undefined) return [];
  return isObject(condition) ? unknownOperators(condition, [...path, 'condition']) : [problem([...path, 'condition'], 'is no object')];
}

/** What GrowthBook's SDK for JavaScript knows. Of any other operator it takes the condition as not met. */
const OPERATORS: ReadonlySet<string> = new Set(
  `$or $nor $and $not $savedGroup $veq $vne $vgt $vgte $vlt $vlte $eq $ne $lt $lte $gt $gte $exists $in $ini $inGroup $notInGroup $nin $nini $size
   $elemMatch $all $alli $regex $regexi $type $groups`.split(/\s+/),
);

function unknownOperators(condition: unknown, path: JsonPath): Problem[] {
  if (Array.isArray(condition)) return condition.flatMap((one: unknown, at) => unknownOperators(one, [...path, at]));
  if (!isObject(condition)) return [];
  return Object.entries(condition).flatMap(([name, part]) => {
    const here = [...path, name];
    return name.startsWith('$') && !OPERATORS.has(name) ? [problem(here, 'is an operator that is not known')] : unknownOperators(part, here);
  });
}

/** What is drawn is drawn by learner: exposures and reports go by it. */
function hashProblems({ hashAttribute, filters }: JsonObject, path: JsonPath): Problem[] {
  const message = 'must be "id": learners are what is drawn for';
  const found = hashAttribute === undefined || hashAttribute === 'id' ? [] : [problem([...path, 'hashAttribute'], message)];
  if (filters === undefined) return found;
  if (!Array.isArray(filters)) return [...found, problem([...path, 'filters'], 'is no list')];
  const attributes = filters.map((filter: unknown) => (isObject(filter) ? (filter['attribute'] ?? 'id') : null));
  return [...found, ...attributes.flatMap((attribute, at) => (attribute === 'id' ? [] : [problem([...path, 'filters', at, 'attribute'], message)]))];
}

function shareProblems({ coverage, namespace, range }: JsonObject, path: JsonPath): Problem[] {
  const found: Problem[] = [];
  if (coverage !== undefined && !isShare(coverage))
    found.push(problem([...path, 'coverage'], `must be a number from 0 to 1, not ${JSON.stringify(coverage)}`));
  if (range !== undefined && !areRanges([range], 1)) found.push(problem([...path, 'range'], 'must be a pair of numbers from 0 to 1'));
  if (namespace !== undefined && !isNamespace(namespace))
    found.push(problem([...path, 'namespace'], 'must be a name and two numbers from 0 to 1, such as ["lists", 0, 0.5]'));
  return found;
}

const isShare = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1;

const isNamespace = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 3 && typeof value[0] === 'string' && isShare(value[1]) && isShare(value[2]);

function areWeights(value: unknown, count: number): boolean {
  if (!Array.isArray(value) || value.length !== count || !value.every(isShare)) return false;
  return Math.abs(value.reduce((sum: number, weight: number) => sum + weight, 0) - 1) <= SLACK;
}

const areRanges = (value: unknown, count: number): boolean =>
  Array.isArray(value) &&
  value.length === count &&
  value.every((range: unknown) => Array.isArray(range) && range.length === 2 && range.every(isShare));

function areMeta(value: unknown, count: number): boolean {
  const isMeta = (one: unknown): boolean => isObject(one) && (one['key'] === undefined || (typeof one['key'] === 'string' && KEY.test(one['key'])));
  return Array.isArray(value) && value.length === count && value.every(isMeta);
}
