import {
  GrowthBookClient,
  type Attributes,
  type FeatureResult,
  type GrowthBookPayload,
  type StickyAssignmentsDocument,
} from '@growthbook/growthbook';

/** Whom a feature is evaluated for. */
export interface EvaluatedUser {
  readonly attributes: Attributes;
  /** What was assigned before, by `attribute||value`; none by default. */
  readonly stickyDocuments?: Readonly<Record<string, StickyAssignmentsDocument>>;
  /** Variations by experiment that are given and not drawn: for trying a payload out. */
  readonly forcedVariations?: Record<string, number>;
}

/** What came of it. */
export interface Evaluation {
  readonly result: FeatureResult<unknown>;
  /** What is to be remembered, what was remembered before included. */
  readonly stickyDocuments: Readonly<Record<string, StickyAssignmentsDocument>>;
}

/** Evaluates a feature. */
export type Evaluate = (feature: string, user: EvaluatedUser) => Evaluation;

/**
 * GrowthBook's own evaluation of a payload, made a pure function: nothing is fetched, tracked or kept, and what the SDK would save or change in
 * place is handed back.
 *
 * @throws Error where the payload is encrypted
 * @see https://docs.growthbook.io/lib/build-your-own, the specification of its SDKs
 */
export function evaluatorOf(payload: GrowthBookPayload): Evaluate {
  const client = new GrowthBookClient().initSync({ payload });
  return (feature, { attributes, stickyDocuments = {}, forcedVariations }) => {
    const user = {
      attributes,
      stickyBucketAssignmentDocs: { ...stickyDocuments },
      // That it is there switches sticky bucketing on; what it would save is in the documents, too.
      saveStickyBucketAssignmentDoc: () => Promise.resolve(),
      ...(forcedVariations === undefined ? {} : { forcedVariations }),
    };
    const result: FeatureResult<unknown> = client.evalFeature(feature, user);
    return { result, stickyDocuments: user.stickyBucketAssignmentDocs };
  };
}
