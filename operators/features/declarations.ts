import { SkillForgeError, type ReasonCode } from '../../schemas/index.js';
import { hashOf } from '../hash.js';

/** How a feature is declared: once, for serving, training and the documents. */
export interface FeatureDeclaration {
  /** Unique in its set; in snake case, as training reads it. */
  readonly name: string;
  readonly type: 'count' | 'ratio' | 'rank' | 'duration' | 'flag' | 'category' | 'score';
  readonly unit: string;
  /** Window of event time that it covers, such as `7d`; `null` where there is none. */
  readonly window: string | null;
  /** Value where nothing is known. */
  readonly fallback: number;
  /** Class of the personal data that it is made of, as in the schemas. */
  readonly personal: 'none' | 'profile' | 'behavioural' | 'sensitive';
  /** What to tell the learner where it weighed most; `null` where it explains nothing. */
  readonly reason: ReasonCode | null;
  readonly description: string;
}

/** Features in the order of their columns. */
export interface FeatureSet {
  /** Name and digest of the declarations, such as `item-features:1a2b3c4d5e6f7081`. */
  readonly id: string;
  readonly declarations: readonly FeatureDeclaration[];
  /** Column of a feature. @throws SFS_FEATURE_UNKNOWN */
  column(name: string): number;
}

/** Declares a set: its digest changes with every word of a declaration, so that a model trained on another set is known by its id. */
export function featureSet(name: string, declarations: readonly FeatureDeclaration[]): FeatureSet {
  const columns = new Map(declarations.map((declaration, at) => [declaration.name, at]));
  return {
    id: `${name}:${hashOf(JSON.stringify(declarations))}`,
    declarations,
    column: (feature) => {
      const column = columns.get(feature);
      if (column !== undefined) return column;
      throw new SkillForgeError('SFS_FEATURE_UNKNOWN', `no feature ${feature} in ${name}: it has ${[...columns.keys()].join(', ')}`);
    },
  };
}

/** The part of a declaration that a group of features has in common. */
export type Rest = Pick<FeatureDeclaration, 'type' | 'unit' | 'personal' | 'reason'>;

/** A feature of a group. */
export const declare = (rest: Rest, name: string, window: string | null, description: string, fallback = 0): FeatureDeclaration => ({
  name,
  ...rest,
  window,
  fallback,
  description,
});
