/** The features by which a payload changes decisions, and the values that they may have. */
import { versionIn, type Quotas, type Treatment } from '../../operators/ports/experiments.js';
import { PROPOSING_SOURCES, USUAL_QUOTAS } from '../../operators/recommend/candidateSources.js';
import { isVersionNumber } from '../models/registry/versionNames.js';
import { isObject } from './problem.js';

/** What a feature changes. */
interface FeatureKind {
  /** `null` where a value can be used; else what is wrong with it, to read on after its place. */
  readonly wrongWith: (value: unknown) => string | null;
  /** The treatment with the value; only values with which nothing is wrong. */
  readonly apply: (treatment: Treatment, value: unknown) => Treatment;
}

const MOST_QUOTA = 200;

type Range = readonly [least: number, below: number];
const FROM_ZERO: Range = [0, Infinity];
const POLICY_RANGES: Readonly<Record<keyof Treatment['policy'], Range>> = {
  evenAfter: FROM_ZERO,
  diversity: FROM_ZERO,
  newItemBoost: FROM_ZERO,
  explorationShare: [0, 1],
};

/** The features of recommendations by their keys in GrowthBook. */
export const FEATURES = {
  'recommendations.ranker': {
    wrongWith: (value) => (isRanker(value) ? null : `must be "model", "formula" or a version such as "version:7", not ${JSON.stringify(value)}`),
    apply: (treatment, value) => ({ ...treatment, ranker: value as Treatment['ranker'] }),
  },
  'recommendations.policy': {
    wrongWith: (value) => (isObject(value) ? firstOf(value, wrongInPolicy) : 'must be an object, with numbers by name'),
    apply: (treatment, value) => ({ ...treatment, policy: { ...treatment.policy, ...(value as Treatment['policy']) } }),
  },
  'recommendations.candidates': {
    wrongWith: (value) => (isObject(value) ? firstOf(value, wrongInQuotas) : 'must be an object, with whole numbers by candidate source'),
    apply: (treatment, value) => ({ ...treatment, quotas: { ...treatment.quotas, ...(value as Quotas) } }),
  },
} as const satisfies Readonly<Record<string, FeatureKind>>;

function isRanker(value: unknown): value is Treatment['ranker'] {
  if (typeof value !== 'string') return false;
  return value === 'model' || value === 'formula' || isVersionNumber(versionIn(value) ?? '');
}

/** Keys of the features. */
export type FeatureName = keyof typeof FEATURES;
/** All of them, in the order in which they are evaluated. */
export const FEATURE_NAMES = Object.keys(FEATURES) as readonly FeatureName[];

function firstOf(values: Readonly<Record<string, unknown>>, wrongIn: (name: string, value: unknown) => string | null): string | null {
  for (const [name, value] of Object.entries(values)) {
    const wrong = wrongIn(name, value);
    if (wrong !== null) return wrong;
  }
  return null;
}

function wrongInPolicy(name: string, value: unknown): string | null {
  if (!Object.hasOwn(POLICY_RANGES, name)) return `has "${name}", which is none of ${Object.keys(POLICY_RANGES).join(', ')}`;
  const [least, below] = POLICY_RANGES[name as keyof typeof POLICY_RANGES];
  if (typeof value === 'number' && value >= least && value < below) return null;
  return `has ${name} ${JSON.stringify(value)}; it must be a number from ${least} on${below === Infinity ? '' : ` and below ${below}`}`;
}

function wrongInQuotas(name: string, value: unknown): string | null {
  if (!(PROPOSING_SOURCES as readonly string[]).includes(name)) return `has "${name}", which is none of ${PROPOSING_SOURCES.join(', ')}`;
  if (value === 0) return null;
  if (!Object.hasOwn(USUAL_QUOTAS, name)) return `has ${name} ${JSON.stringify(value)}; ${name} can only be switched off, with 0`;
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= MOST_QUOTA) return null;
  return `has ${name} ${JSON.stringify(value)}; it must be a whole number from 0 to ${MOST_QUOTA}`;
}
