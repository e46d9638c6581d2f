import type { FeatureDeclaration } from '../../../operators/features/declarations.js';

/** When a window has drifted. `ml/drift/rule.py` has the same, for reports. */
export const DRIFT_RULE = {
  /** A feature has drifted where its population stability index is above this. */
  mostPsi: 0.25,
  /** A window has drifted where more than this share of the features that count has: some do in any week, as a course goes on. */
  mostShare: 0.5,
  /** A window of fewer rows tells nothing: an index of so few values is noise. */
  fewestRows: 1_000,
} as const;

/**
 * Whether drift of a feature counts. Durations run with the calendar: the age of a course grows each day, a deadline comes nearer, and neither
 * means that anything has changed. Their index is told all the same.
 */
export const isCounted = ({ type }: Pick<FeatureDeclaration, 'type'>): boolean => type !== 'duration';

/** What a rule says of a window. */
export interface Verdict {
  /** Places of the features that have drifted and count. */
  readonly drifted: readonly number[];
  readonly isDrifted: boolean;
}

/** @param indices - population stability index of each feature, by its place among the declarations */
export function verdictOf(indices: readonly number[], declarations: readonly Pick<FeatureDeclaration, 'type'>[]): Verdict {
  const counted = indices.flatMap((_, at) => (isCounted(declarations[at]!) ? [at] : []));
  const drifted = counted.filter((at) => indices[at]! > DRIFT_RULE.mostPsi);
  return { drifted, isDrifted: drifted.length > DRIFT_RULE.mostShare * counted.length };
}
