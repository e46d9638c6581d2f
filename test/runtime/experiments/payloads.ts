/** Payloads as GrowthBook writes them, for tests. */
import type { FeatureRule, GrowthBookPayload } from '@growthbook/growthbook';

/** Half of the learners are ranked by the formula. */
export const rankerRule = (parts: Partial<FeatureRule> = {}): FeatureRule => ({
  key: 'ranker',
  hashVersion: 2,
  hashAttribute: 'id',
  variations: ['model', 'formula'],
  weights: [0.5, 0.5],
  meta: [{ key: 'control' }, { key: 'formula' }],
  ...parts,
});

/** A payload with an experiment on the ranker. */
export const rankerPayload = (parts: Partial<FeatureRule> = {}, rest: Partial<GrowthBookPayload> = {}): GrowthBookPayload => ({
  features: { 'recommendations.ranker': { defaultValue: 'model', rules: [rankerRule(parts)] } },
  ...rest,
});

/** A payload with rules of each feature of recommendations. */
export const fullPayload = (): {
  features: Record<string, { readonly defaultValue: unknown; readonly rules: readonly Readonly<Record<string, unknown>>[] }>;
} => ({
  features: {
    'recommendations.ranker': { defaultValue: 'model', rules: [{ ...rankerRule() }] },
    'recommendations.policy': {
      defaultValue: null,
      rules: [
        { key: 'policy', hashVersion: 2, variations: [{}, { diversity: 0.5 }, { newItemBoost: 0 }], namespace: ['lists', 0, 0.5] },
        { condition: { courses: 'AAA-2024J' }, force: { diversity: 0.2 } },
      ],
    },
    'recommendations.candidates': {
      defaultValue: {},
      rules: [{ key: 'quotas', hashVersion: 2, variations: [{}, { ALS: 40, NEIGHBOURS: 0 }], namespace: ['lists', 0.5, 1] }],
    },
    'another-product': { defaultValue: 1, rules: [{ variations: [1, 2] }] },
  },
});
