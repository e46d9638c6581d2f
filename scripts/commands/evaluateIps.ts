/** `skillforge evaluate ips`. */
import type { Command } from 'commander';
import { decisionsOf } from '../evaluation/decisionLog.js';
import { OffPolicyEstimator, type Estimate, type OffPolicyEstimates } from '../evaluation/offPolicy.js';
import { plainCommand, wholeNumber, type PlainOptions } from './options.js';
import { countText, countedText, print, printJson, tableText } from './output.js';
import { ProgressLine } from './progressLine.js';

interface IpsOptions extends PlainOptions {
  readonly ranking?: string;
  readonly resamples: number;
  readonly seed: number;
}

const DESCRIPTION = `Estimates what another policy would have earned, from a log of what one policy showed, how likely that was, and what came of it.
The log has one decision a line, as JSON:

  {"learner":"…","context":{…},"shown":[{"item":"a","propensity":0.8},…],"rewards":[1,…],"target":[0.5,…]}

shown is in the order of the places; propensity is the probability with which the logging policy put the item at its place, target that
of the other policy for the same item at the same place. With --ranking NAME the other policy is a ranking of each line instead:
"rankings":{"NAME":["a","b",…]} puts its items where they stand for sure. context is not looked at, and
learner may be missing. "decisions export" writes such a log of the decisions of this program.

Prints the value of a decision (the sum of its rewards) by two estimators: inverse propensity scores (Horvitz and Thompson 1952) and the
self-normalised ones (Swaminathan and Joachims 2015), with the middle 95 % of resampled learners, or of decisions where lines name none. The
mean weight tells whether the log can answer at all: it is about 1 unless propensities are wrong, or the logging policy never shows what the other one would.`;

/** Estimates the value of a policy from the log of another. */
export function evaluateIpsCommand(): Command {
  return plainCommand('ips <log>', 'estimate the value of a policy from the log of another', DESCRIPTION, [
    'skillforge evaluate ips ./decisions.jsonl',
    'skillforge evaluate ips ./decisions.jsonl --ranking challenger --json',
  ])
    .option('--ranking <name>', 'ranking of each line that is the other policy; by default its target probabilities')
    .option('--resamples <n>', 'how often decisions are resampled for the intervals', wholeNumber(100), 1000)
    .option('--seed <n>', 'seed of the resampling', wholeNumber(0), 1)
    .action(evaluate);
}

async function evaluate(log: string, options: IpsOptions): Promise<void> {
  const line = new ProgressLine(options.json === true);
  const estimator = new OffPolicyEstimator(options);
  let done = 0;
  for await (const decision of decisionsOf(log, options.ranking ?? null)) {
    estimator.add(decision);
    line.update({ what: 'reading', done: ++done, total: null, unit: 'decisions' });
  }
  line.end();
  const estimates = estimator.estimates();
  if (options.json) printJson({ ...estimates, ranking: options.ranking ?? null, resamples: options.resamples, seed: options.seed });
  else print(estimatesText(estimates));
}

/** Estimates for people. */
export function estimatesText(estimates: OffPolicyEstimates): string {
  const { decisions, places, logged, ips, snips, meanWeight, effectiveSize, shown } = estimates;
  if (decisions === 0) return 'no decisions';
  const row = (policy: string, estimator: string, { value, interval: [low, high] }: Estimate): string[] => [
    policy,
    estimator,
    ...[value, low, high].map((one) => one.toFixed(4)),
  ];
  const [low, high] = meanWeight.interval;
  const doubt =
    low > 1 || high < 1 ? ['! the mean weight is not 1: the propensities are wrong, or the log never shows what the other policy would'] : [];
  return [
    `${countedText(decisions, 'decision')} with up to ${countedText(places, 'place')}`,
    tableText(
      ['policy', 'estimator', 'value', 'from', 'to'],
      [row('logged', 'mean', logged), row('other', 'inverse propensity', ips), row('other', 'self-normalised', snips)],
    ),
    `mean weight ${meanWeight.value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)}); ${countText(shown)} items shown tell as much as ${countText(effectiveSize)} of equal weight`,
    ...doubt,
  ].join('\n');
}
