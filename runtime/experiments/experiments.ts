import type { GrowthBookPayload } from '@growthbook/growthbook';
import {
  NO_TREATMENT,
  type Assigned,
  type Assignment,
  type Attributes,
  type Experiments,
  type StickyAssignments,
} from '../../operators/ports/experiments.js';
import { createHash } from 'node:crypto';
import { FEATURES, FEATURE_NAMES } from './features.js';
import { evaluatorOf, type Evaluate } from './growthBook.js';

/**
 * The experiments of a payload. Each feature of recommendations is evaluated for the learner with what was assigned before.
 *
 * @param text - of a checked payload, see `readPayload`; with `versions` where it names versions of the model, see `NamedVersions`
 */
export function experimentsOf(text: string): Experiments {
  const { versions, ...payload } = JSON.parse(text) as GrowthBookPayload & Pick<Experiments, 'versions'>;
  const evaluate = evaluatorOf(payload);
  const asked = FEATURE_NAMES.filter((name) => payload.features?.[name] !== undefined);
  return {
    ...(versions === undefined ? {} : { versions }),
    version: createHash('sha256').update(text).digest('hex'),
    assign: (attributes, sticky) => assigned(evaluate, asked, attributes, sticky),
  };
}

function assigned(evaluate: Evaluate, asked: typeof FEATURE_NAMES, attributes: Attributes, sticky: StickyAssignments): Assigned {
  const document = `id||${attributes.id}`;
  let stickyDocuments = { [document]: { attributeName: 'id', attributeValue: attributes.id, assignments: { ...sticky } } };
  let treatment = NO_TREATMENT;
  const assignments: Assignment[] = [];
  for (const name of asked) {
    const evaluation = evaluate(name, { attributes, stickyDocuments });
    const { value, experiment, experimentResult } = evaluation.result;
    if (value !== null) treatment = FEATURES[name].apply(treatment, value);
    if (experiment !== undefined && experimentResult?.hashUsed === true && !assignments.some((one) => one.experiment === experiment.key))
      assignments.push({ experiment: experiment.key, variation: experimentResult.key });
    stickyDocuments = { ...stickyDocuments, ...evaluation.stickyDocuments };
  }
  const after = stickyDocuments[document]!.assignments;
  return { treatment, assignments, sticky: isSame(sticky, after) ? sticky : after };
}

function isSame(before: StickyAssignments, after: StickyAssignments): boolean {
  const names = Object.keys(after);
  return names.length === Object.keys(before).length && names.every((name) => before[name] === after[name]);
}
