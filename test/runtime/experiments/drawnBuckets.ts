/** Learners for every bucket that version 2 of the hash knows: what an experiment makes of its weights and ranges is seen to the last digit. */
import type { FeatureRule } from '@growthbook/growthbook';
import { evaluatorOf } from '../../../runtime/experiments/index.js';

/** So many there are; bucket `n` begins at `n / BUCKETS`. */
export const BUCKETS = 10_000;

const SEED = 'drawn';
const MOST_IDS = 400_000;

let ids: readonly string[] | undefined;

/** The number of the variation that a bucket gets under an experiment with so many of them; -1 where it gets none. */
export function variationAt(count: number, layout: Pick<FeatureRule, 'coverage' | 'weights' | 'ranges'>): (bucket: number) => number {
  const known = (ids ??= drawn());
  const rule: FeatureRule = { ...layout, variations: Array.from({ length: count }, (_, at) => at), hashVersion: 2, seed: SEED };
  const evaluate = evaluatorOf({ features: { asked: { defaultValue: -1, rules: [rule] } } });
  return (bucket) => {
    const { value, experimentResult } = evaluate('asked', { attributes: { id: known[bucket] } }).result;
    const at = experimentResult?.bucket ?? bucket / BUCKETS;
    if (at !== bucket / BUCKETS) throw new Error(`${known[bucket]} was to be at ${bucket / BUCKETS}, and is at ${at}`);
    return value as number;
  };
}

/** Where an experiment that takes everybody sees an id, from 0 to 1; `undefined` where it does not take it. */
export function bucketUnder(rule: Pick<FeatureRule, 'seed' | 'hashVersion'>, feature = 'asked'): (id: string) => number | undefined {
  const evaluate = evaluatorOf({ features: { [feature]: { defaultValue: null, rules: [{ ...rule, variations: [0, 1] }] } } });
  return (id) => evaluate(feature, { attributes: { id } }).result.experimentResult?.bucket;
}

/** An id for each bucket: the first that falls into it. By a hash of our own, since a hundred thousand evaluations take seconds. */
function drawn(): string[] {
  const found: string[] = [];
  let missing = BUCKETS;
  for (let n = 0; missing > 0 && n < MOST_IDS; n++) {
    const bucket = fnv1a(String(fnv1a(`${SEED}l${n}`))) % BUCKETS;
    if (found[bucket] !== undefined) continue;
    found[bucket] = `l${n}`;
    missing--;
  }
  if (missing > 0) throw new Error(`${missing} buckets are nobody's after ${MOST_IDS} ids`);
  return found;
}

/** @see http://www.isthe.com/chongo/tech/comp/fnv/ */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
