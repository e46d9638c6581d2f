/** `skillforge evaluate mastery`. */
import type { Command } from 'commander';
import { compareModels, readPupils, type ComparedModel } from '../knowledge/comparison/comparison.js';
import { evaluateMastery, type MasteryEvaluation, type MasteryQuality } from '../knowledge/evaluation.js';
import type { ReadingDone } from '../knowledge/answerFile.js';
import { plainCommand, type PlainOptions } from './options.js';
import { countText, countedText, print, printJson, secondsText, tableText } from './output.js';
import { ProgressLine } from './progressLine.js';

interface MasteryOptions extends PlainOptions {
  readonly compare?: true;
}

const DESCRIPTION = `Predicts each answer of a file with the model of quiz-mastery, from the answers before it: of the same pupil, and of the pupils before
in the file. Prints how well it does: the area under the ROC curve (AUC) with an interval over samples of pupils, the log loss, and how far
the probabilities are from what came.

The file has three lines for each pupil: the number of answers, the skill ids, and 1 or 0 for each answer, right or wrong, with commas between.
It may be compressed (.gz). An answer of several skills is one row for each of them, or one row with ids such as 4_8. Rows that may be one
answer do not tell of each other.

--compare also measures models of the literature (BKT, PFA, R-PFA, Elo), this model without each of its signs, and what it would gain if
rows of one answer told of each other. There, parameters of every model are fitted to four fifths of the pupils and tested on the others, five
times; so it takes minutes, and needs five pupils. Nothing is drawn at random that changes a figure from call to call.`;

/** Measures the model of mastery. */
export function evaluateMasteryCommand(): Command {
  return plainCommand('mastery <file>', 'measure the model of mastery on a file of answers', DESCRIPTION, [
    'skillforge evaluate mastery ./skill_builder_2009_train.csv.gz',
    'skillforge evaluate mastery ./skill_builder_2009_train.csv.gz --compare',
    'skillforge evaluate mastery ./answers.csv --json',
  ])
    .option('--compare', 'also measure models of the literature on the same answers')
    .action(evaluate);
}

async function evaluate(file: string, options: MasteryOptions): Promise<void> {
  const line = new ProgressLine(options.json === true);
  const startMs = performance.now();
  const [evaluation, comparison] = await measured(file, options, line).finally(() => line.end());
  const seconds = (performance.now() - startMs) / 1000;
  if (options.json) printJson({ file, ...evaluation, ...(comparison === null ? {} : { comparison }), seconds });
  else print([evaluationText(file, evaluation, seconds), ...(comparison === null ? [] : ['', comparisonText(comparison)])].join('\n'));
}

async function measured(file: string, { compare }: MasteryOptions, line: ProgressLine): Promise<[MasteryEvaluation, ComparedModel[] | null]> {
  const reading = ({ bytes, totalBytes }: ReadingDone): void =>
    line.update({ what: 'reading answers', done: bytes, total: totalBytes, unit: 'bytes' });
  // Refused before anything is measured where there are too few pupils.
  const pupils = compare ? await readPupils(file, reading) : null;
  const evaluation = await evaluateMastery(file, reading);
  if (pupils === null) return [evaluation, null];
  const comparison = compareModels(pupils, ({ parts, totalParts, title }) =>
    line.update({ what: 'comparing models', done: parts, total: totalParts, unit: 'parts', note: title }),
  );
  return [evaluation, comparison];
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

function comparisonText(comparison: readonly ComparedModel[]): string {
  const rows = comparison.map(({ title, auc, aucInterval, logLoss }) => [
    title,
    shown(auc),
    aucInterval === null ? '-' : `${shown(aucInterval[0])} to ${shown(aucInterval[1])}`,
    shown(logLoss),
  ]);
  return [
    'parameters fitted to four fifths of the pupils and tested on the others, five times:',
    '',
    tableText(['model', 'AUC', '95 % interval', 'log loss'], rows),
  ].join('\n');
}

const shown = (value: number | null): string => (value === null ? '-' : value.toFixed(4));
