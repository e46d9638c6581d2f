/** What an experiment says so far. */
import { SkillForgeError } from '../../schemas/index.js';
import { liftOf, type Lift } from './lift.js';
import { Moments } from './moments.js';
import { METRICS, type MetricName, type Outcome, type Outcomes } from './outcomes.js';
import { sampleRatioOf, type SampleRatio } from './sampleRatio.js';

/** How it is judged. */
export interface ReportOptions {
  /** What the experiment is to improve. */
  readonly goal: MetricName;
  /** Key of the variation that the others are compared with; the first by name unless given. */
  readonly control?: string | undefined;
  /** Planned shares by variation, in the order of their keys; equal ones unless given. */
  readonly weights?: readonly number[] | undefined;
  /** Probability that any interval of a metric ever fails to cover the truth, over all variations. */
  readonly alpha: number;
  /** Learners at which the intervals are narrowest. */
  readonly tunedFor: number;
  /** A guardrail may be worse by so much of the control's mean. */
  readonly margin: number;
}

/** A metric of a variation. */
export interface MetricReport {
  readonly metric: MetricName;
  /** Learners of whom the metric says something, and their mean. */
  readonly count: number;
  readonly mean: number;
  /** Against the control; `null` for the control, and where there are too few. */
  readonly lift: Lift | null;
  /**
   * Of the goal: `better`, `worse` or `open`. Of a guardrail: `harmed` where it is surely worse, `safe` where it is surely not worse by more than
   * the margin, else `open`. `null` for the control.
   */
  readonly verdict: 'better' | 'worse' | 'harmed' | 'safe' | 'open' | null;
}

/** A variation with its metrics, the goal first. */
export interface VariationReport {
  readonly variation: string;
  readonly learners: number;
  readonly metrics: readonly MetricReport[];
}

/** A report. */
export interface ExperimentReport {
  readonly control: string;
  readonly variations: readonly VariationReport[];
  readonly sampleRatio: SampleRatio;
  readonly waiting: number;
  readonly mixed: number;
  readonly asOfMs: number | null;
}

/**
 * Compares the variations of an experiment. Of several variations each has its part of alpha, by Bonferroni.
 * @throws SFS_EXPERIMENT_UNKNOWN where nobody's window is over, or the control or as many weights as variations are not there
 */
export function reportOf(outcomes: Outcomes, options: ReportOptions): ExperimentReport {
  const { byVariation, waiting, mixed, asOfMs } = outcomes;
  const names = [...byVariation.keys()].sort();
  const control = options.control ?? names[0];
  const weights = options.weights ?? names.map(() => 1);
  if (control === undefined || !byVariation.has(control)) throw unknown(names, control, waiting);
  if (weights.length !== names.length) {
    const what = `${weights.length} weights for ${names.length} variations: ${names.join(', ')}`;
    throw new SkillForgeError('SFS_EXPERIMENT_UNKNOWN', what, { context: { variations: names, weights } });
  }
  if (names.length < 2) {
    const what = `only the variation "${control}" has learners whose window is over: the others have lost all of theirs, or ${waiting} wait`;
    throw new SkillForgeError('SFS_EXPERIMENT_UNKNOWN', what, { context: { variations: names, waiting } });
  }
  const ofControl = byVariation.get(control)!;
  const alpha = options.alpha / Math.max(1, names.length - 1);
  const variations = names.map((variation) => {
    const learners = byVariation.get(variation)!;
    const against = variation === control ? null : ofControl;
    return {
      variation,
      learners: learners.length,
      metrics: metricsInOrder(options.goal).map((one) => metricReport(one, learners, against, { ...options, alpha })),
    };
  });
  const sampleRatio = sampleRatioOf(
    variations.map(({ learners }) => learners),
    weights,
  );
  return { control, variations, sampleRatio, waiting, mixed, asOfMs };
}

function unknown(names: readonly string[], control: string | undefined, waiting: number): SkillForgeError {
  const what =
    control === undefined
      ? `no learner of the experiment has a window that is over; ${waiting} wait`
      : `no learner of the variation "${control}" has a window that is over; known are ${names.join(', ') || 'none'}`;
  return new SkillForgeError('SFS_EXPERIMENT_UNKNOWN', what, { context: { variations: names, waiting } });
}

const metricsInOrder = (goal: MetricName): MetricName[] => [goal, ...(Object.keys(METRICS) as MetricName[]).filter((one) => one !== goal)];

function metricReport(metric: MetricName, learners: readonly Outcome[], control: readonly Outcome[] | null, options: ReportOptions): MetricReport {
  const own = momentsOf(metric, learners);
  const lift = control === null ? null : liftOf(momentsOf(metric, control), own, options);
  return { metric, count: own.count, mean: own.mean, lift, verdict: control === null ? null : verdictOf(metric, lift, options) };
}

function momentsOf(metric: MetricName, learners: readonly Outcome[]): Moments {
  const moments = new Moments();
  for (const outcome of learners) {
    const value = outcome[metric];
    if (value !== undefined) moments.add(value);
  }
  return moments;
}

function verdictOf(metric: MetricName, lift: Lift | null, { goal, margin }: ReportOptions): MetricReport['verdict'] {
  if (lift === null) return 'open';
  const { difference, relative } = lift;
  // By the interval that the report shows.
  const shown = relative ?? difference;
  if (metric === goal) return shown.low > 0 ? 'better' : shown.high < 0 ? 'worse' : 'open';
  if (shown.high < 0) return 'harmed';
  return relative !== null && relative.low > -margin ? 'safe' : 'open';
}
