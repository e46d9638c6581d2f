/** Gates over what was compared in Python: is it as good as what decides, for every group, and are its features and scores those it was trained on. */
import { LISTS, type ListName } from '../../../operators/ports/ranker.js';
import { DRIFT_RULE, isCounted } from '../../../runtime/observability/drift/rule.js';
import type { FeatureDeclaration } from '../../../operators/features/declarations.js';
import type { Comparison, Measured, MeasuredGroup } from './comparison.js';
import { checked, failedClosed, skipped, type GateCheck } from './gate.js';
import type { Bounds } from './thresholds.js';

/** So many names are told; the others are counted. */
const TOLD = 5;

/** All of them, in the order of their names in the report. */
export function statisticalGates(comparison: Comparison, bounds: Bounds): GateCheck[] {
  return [
    decisionsGate(comparison, bounds),
    ...LISTS.map((list) => qualityGate(comparison, list, bounds)),
    groupsGate(comparison, bounds),
    inputsGate(comparison, bounds),
    scoresGate(comparison, bounds),
  ];
}

/** There are decisions enough to tell anything. */
export function decisionsGate({ decisions, labelled, lists }: Comparison, bounds: Bounds): GateCheck {
  const fewest = Math.min(...LISTS.map((list) => lists[list].measured?.decisions ?? 0));
  const reason = `decisions of the list that has fewer; ${decisions} were logged, the week after ${labelled} of them is over, and some brought no use`;
  return checked('decisions', fewest >= bounds.decisions, { value: fewest, bound: bounds.decisions, reason });
}

/** The list is not worse than the opponent's by more than a bound, even at the low end of what resampling gives. */
export function qualityGate({ opponent, lists }: Comparison, list: ListName, bounds: Bounds): GateCheck {
  const { measured } = lists[list];
  const name = `quality-${list}` as const;
  if (measured === null) return failedClosed(name, `no decision for the list ${list} could be measured, or ${opponent} has nothing right`);
  const reason = `low end of the difference to ${opponentText(opponent)}: ${measuredText(measured)}`;
  return checked(name, measured.low !== null && measured.low >= bounds.quality, { value: measured.low, bound: bounds.quality, reason });
}

/** No group of learners is worse off by more than a bound, beyond chance. */
export function groupsGate({ lists }: Comparison, bounds: Bounds): GateCheck {
  const all = LISTS.flatMap((list) => lists[list].groups.map((group) => ({ ...group, list })));
  const small = LISTS.reduce((sum, list) => sum + lists[list].smallGroups, 0);
  if (all.length === 0) return failedClosed('groups', `no group of learners is large enough to be measured: ${small} are too small`);
  const worse = all.filter(({ measured }) => isWorse(measured, bounds));
  const worst = all.reduce((one, other) => (differenceOf(other) < differenceOf(one) ? other : one));
  const told = worse.length === 0 ? [worst] : worse.slice(0, TOLD);
  const texts = told.map((group) => `${group.list}, ${group.attribute} ${group.value}: ${group.measured === null ? 'not measurable' : measuredText(group.measured)}`);
  const rest = worse.length > TOLD ? `; and ${worse.length - TOLD} more` : '';
  const reason = `${worse.length} of ${all.length} groups worse, ${small} too small to be measured; ${worse.length === 0 ? 'the least good' : 'worse'} ${texts.join('; ')}${rest}`;
  const value = Math.min(...(worse.length === 0 ? [worst] : worse).map(differenceOf));
  return checked('groups', worse.length === 0, { value: Number.isFinite(value) ? value : null, bound: bounds.groups, reason });
}

/** Whether a group lost by more than the bound, and not by chance; what cannot be measured counts as lost. */
export const isWorse = (measured: Measured | null, bounds: Bounds): boolean =>
  measured === null || (measured.difference < bounds.groups && (measured.high === null || measured.high < 0));

const differenceOf = ({ measured }: MeasuredGroup): number => measured?.difference ?? -Infinity;

/** Of the features that count, few have moved since training. */
export function inputsGate({ inputs }: Comparison, bounds: Bounds): GateCheck {
  if (inputs === null) return skipped('inputs', 'the bundle has no reference.json: it was trained before there was one');
  const counted = inputs.filter(({ type }) => isCounted({ type: type as FeatureDeclaration['type'] }));
  const moved = counted.filter(({ psi }) => psi > DRIFT_RULE.mostPsi).sort((a, b) => b.psi - a.psi);
  const share = counted.length === 0 ? 1 : moved.length / counted.length;
  const names = moved.slice(0, TOLD).map(({ name, psi }) => `${name} ${psi.toFixed(2)}`);
  const reason = `share of ${counted.length} features with an index above ${DRIFT_RULE.mostPsi}${names.length === 0 ? '' : `: ${names.join(', ')}${moved.length > TOLD ? ' …' : ''}`}`;
  return checked('inputs', share <= bounds.inputs, { value: Number(share.toFixed(4)), bound: bounds.inputs, reason });
}

/** Scores are distributed as they were in training. */
export function scoresGate({ scores }: Comparison, bounds: Bounds): GateCheck {
  if (scores === null) return skipped('scores', 'the bundle has no reference.json: it was trained before there was one');
  const largest = Math.max(scores.next, scores.new);
  const reason = `population stability index of the scores: next ${scores.next.toFixed(3)}, new ${scores.new.toFixed(3)}`;
  return checked('scores', largest <= bounds.scores, { value: largest, bound: bounds.scores, reason });
}

const opponentText = (opponent: string): string => (opponent === 'logged' ? 'the order that was shown' : opponent);

function measuredText({ candidate, opponent, difference, low, high, decisions, learners }: Measured): string {
  const [all, from, to] = [difference, low, high].map((share) => (share === null ? 'unbounded' : percentText(share)));
  return `NDCG@10 ${candidate.toFixed(4)} against ${opponent.toFixed(4)}, ${all} (${from} to ${to}), ${decisions} decisions of ${learners} learners`;
}

const percentText = (share: number): string => `${share < 0 ? '' : '+'}${(100 * share).toFixed(1)} %`;
