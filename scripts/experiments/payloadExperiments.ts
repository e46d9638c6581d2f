/** The experiments of a payload, as they are listed. */
import { FEATURE_NAMES, type FeatureName } from '../../runtime/experiments/index.js';

/** An experiment on a feature of recommendations. */
export interface ListedExperiment {
  readonly experiment: string;
  readonly feature: FeatureName;
  /** Share of the learners who are in it, before targeting and namespace. */
  readonly coverage: number;
  /** Name and range in [0, 1]; `null` for none. */
  readonly namespace: readonly [name: string, from: number, to: number] | null;
  /** Whether only some learners are asked: by a condition, prerequisites or filters. */
  readonly isTargeted: boolean;
  readonly variations: readonly { readonly key: string; readonly weight: number; readonly value: unknown }[];
}

/** What is looked at of a rule. */
interface Rule {
  readonly key?: string;
  readonly variations?: readonly unknown[];
  readonly weights?: readonly number[];
  readonly ranges?: readonly (readonly [from: number, to: number])[];
  readonly meta?: readonly { readonly key?: string }[];
  readonly coverage?: number;
  readonly namespace?: ListedExperiment['namespace'];
  readonly condition?: unknown;
  readonly parentConditions?: unknown;
  readonly filters?: unknown;
}

/** @param text - a payload without findings */
export function experimentsIn(text: string): ListedExperiment[] {
  const payload = JSON.parse(text) as { readonly features: Readonly<Record<string, { readonly rules?: readonly Rule[] }>> };
  return FEATURE_NAMES.flatMap((feature) =>
    (payload.features[feature]?.rules ?? []).flatMap((rule): ListedExperiment[] => {
      const { key, variations, weights, meta, coverage = 1, namespace, condition, parentConditions, filters, ranges } = rule;
      if (key === undefined || variations === undefined || 'force' in rule) return [];
      const weightOf = (at: number): number =>
        ranges?.[at] === undefined ? (weights?.[at] ?? 1 / variations.length) : ranges[at][1] - ranges[at][0];
      return [
        {
          experiment: key,
          feature,
          coverage,
          namespace: namespace ?? null,
          isTargeted: condition !== undefined || parentConditions !== undefined || filters !== undefined,
          variations: variations.map((value: unknown, at) => ({ key: meta?.[at]?.key ?? String(at), weight: weightOf(at), value })),
        },
      ];
    }),
  );
}
