/** `skillforge evaluate mastery`. */
import type { Command } from 'commander';
import { evaluateMastery, type MasteryEvaluation, type MasteryQuality } from '../knowledge/evaluation.js';
import { plainCommand, type PlainOptions } from './options.js';
import { countText, countedText, print, printJson, secondsText, tableText } from './output.js';
import { ProgressLine } from './progressLine.js';

const DESCRIPTION = `Predicts each answer of a file with the model of quiz-mastery, from the answers before it: of the same pupil, and of the pupils before
in the file. Prints how well it does: the area under the ROC curve (AUC) with an interval over samples of pupils, the log loss, and how far
the probabilities are from what came.

The file has three lines for each pupil: the number of answers, the skill ids, and 1 or 0 for each answer, right or wrong, with commas between.
It may be compressed (.gz). An answer of several skills is one row for each of them, or one row with ids such as 4_8. Rows that may be one
answer do not tell of each other.`;

/** Measures the model of mastery. */
export function evaluateMasteryCommand(): Command {
  return plainCommand('mastery <file>', 'measure the model of mastery on a file of answers', DESCRIPTION, [
    'skillforge evaluate mastery ./skill_builder_2009_train.csv.gz',
    'skillforge evaluate mastery ./answers.csv --json',
  ]).action(evaluate);
}

async function evaluate(file: string, options: PlainOptions): Promise<void> {
  const line = new ProgressLine(options.json === true);
  const startMs = performance.now();
  const evaluation = await evaluateMastery(file, ({ bytes, totalBytes }) =>
    line.update({ what: 'reading answers', done: bytes, total: totalBytes, unit: 'bytes' }),
  ).finally(() => line.end());
  const seconds = (performance.now() - startMs) / 1000;
  if (options.json) printJson({ file, ...evaluation, seconds });
  else print(evaluationText(file, evaluation, seconds));
}

function evaluationText(file: string, evaluation: MasteryEvaluation, seconds: number): string {
  const { answers, pupils, skills, right, aucInterval, first, later, rateAlone, calibration } = evaluation;
  const row = (name: string, quality: MasteryQuality): string[] => [name, countText(quality.answers), shown(quality.auc), shown(quality.logLoss)];
  const read = [`${countedText(answers, 'answer')} of ${countedText(pupils, 'pupil')}`, countedText(skills, 'skill'), `${shown(right)} right`];
  return [
    `${file}: ${read.join(', ')}, in ${secondsText(seconds)}`,
    '',
    tableText(
      ['answers', 'count', 'AUC', 'log loss'],
      [row('all', evaluation), row('first to a skill', first), row('later ones', later), row('all, by the rate of the skill alone', rateAlone)],
    ),
    ...(aucInterval === null
      ? []
      : ['', `AUC of all: 95 % interval ${shown(aucInterval[0])} to ${shown(aucInterval[1])}, over 200 samples of pupils`]),
    '',
    tableText(
      ['predicted from', 'answers', 'predicted', 'right'],
      calibration.map((bin) => [bin.from.toFixed(1), countText(bin.answers), shown(bin.predicted), shown(bin.right)]),
    ),
    `expected calibration error ${shown(evaluation.calibrationError)}`,
  ].join('\n');
}

const shown = (value: number | null): string => (value === null ? '-' : value.toFixed(4));
