/** What the model of mastery is worth on a file of answers. */
import { SkillForgeError } from '../../schemas/errors.js';
import { SeededRandom } from '../synthetic/random.js';
import { readAnswers, type ReadingDone } from './answerFile.js';
import { Predictions } from './predictions.js';
import { areaInterval, areaUnderCurve, calibrationError, calibrationOf, logLoss, type CalibrationBin, type Scored } from './quality.js';

/** The measures of a set of answers. */
export interface MasteryQuality {
  readonly answers: number;
  /** Area under the ROC curve; `null` where all answers are right, or all wrong. */
  readonly auc: number | null;
  readonly logLoss: number | null;
}

/** The measures of a file. */
export interface MasteryEvaluation extends MasteryQuality {
  readonly pupils: number;
  readonly skills: number;
  /** Share of right answers. */
  readonly right: number;
  /** 95 % interval of the area, over samples of pupils. */
  readonly aucInterval: readonly [number, number] | null;
  /** Expected calibration error, of ten bins. */
  readonly calibrationError: number;
  readonly calibration: readonly CalibrationBin[];
  /** Of answers to a skill that the pupil had not answered before. */
  readonly first: MasteryQuality;
  /** Of the others. */
  readonly later: MasteryQuality;
  /** With the rate of the skill alone, whoever answers. */
  readonly rateAlone: MasteryQuality;
}

interface Row extends Scored {
  readonly rate: number;
  readonly isFirst: boolean;
}

const SEED = 1;

/**
 * Predicts each answer from those before it: of the pupil, and of the pupils before in the file.
 *
 * @throws SFS_ANSWERS_UNREADABLE, SFS_ANSWERS_MALFORMED
 */
export async function evaluateMastery(path: string, onProgress?: (done: ReadingDone) => void): Promise<MasteryEvaluation> {
  const predictions = new Predictions();
  const rows: Row[] = [];
  let pupils = 0;
  for await (const { answers } of readAnswers(path, onProgress)) {
    for (const predicted of predictions.of(answers)) rows.push({ ...predicted, group: pupils });
    pupils++;
  }
  if (rows.length === 0) throw new SkillForgeError('SFS_ANSWERS_MALFORMED', `${path} has no answers`, { context: { file: path } });
  const calibration = calibrationOf(rows);
  return {
    pupils,
    skills: predictions.skillCount,
    right: rows.filter(({ isRight }) => isRight).length / rows.length,
    ...qualityOf(rows),
    aucInterval: areaInterval(rows, pupils, new SeededRandom(SEED)),
    calibrationError: calibrationError(calibration),
    calibration,
    first: qualityOf(rows.filter(({ isFirst }) => isFirst)),
    later: qualityOf(rows.filter(({ isFirst }) => !isFirst)),
    rateAlone: qualityOf(rows.map((row) => ({ ...row, probability: row.rate }))),
  };
}

const qualityOf = (rows: readonly Scored[]): MasteryQuality => ({
  answers: rows.length,
  auc: areaUnderCurve(rows),
  logLoss: rows.length === 0 ? null : logLoss(rows),
});
