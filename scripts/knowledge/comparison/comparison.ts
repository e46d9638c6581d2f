/** The model of mastery beside those of the literature, on the same file and in the same way. */
import { SkillForgeError } from '../../../schemas/errors.js';
import { SeededRandom } from '../../synthetic/random.js';
import { readAnswers, type PupilAnswers, type ReadingDone } from '../answerFile.js';
import { areaInterval, areaUnderCurve, logLoss, type Scored } from '../quality.js';
import { bkt } from './bktFit.js';
import { elo } from './eloFit.js';
import { predictPupil, type Contender } from './knowledgeModel.js';
import { ownModel, ownVariants } from './ownModel.js';
import { pfa } from './pfa.js';
import { rateAlone } from './rateAlone.js';
import { recentPfa } from './recentPfa.js';

/** How good a model is. */
export interface ComparedModel {
  /** Name for programs. */
  readonly model: string;
  /** Name for people. */
  readonly title: string;
  readonly answers: number;
  /** Area under the ROC curve; `null` where all answers are right, or all wrong. */
  readonly auc: number | null;
  /** 95 % interval of the area, over samples of pupils. */
  readonly aucInterval: readonly [number, number] | null;
  readonly logLoss: number;
}

/** How far a comparison is. */
export interface ComparingDone {
  /** Parts of pupils that were predicted, of all models. */
  readonly parts: number;
  readonly totalParts: number;
  /** The model that is next. */
  readonly title: string;
}

/** The rows, those of the literature first. */
export const contenders: readonly Contender[] = [rateAlone, bkt, pfa, recentPfa, elo, ownModel, ...ownVariants];

const PARTS = 5;
const SEED = 1;

/**
 * All pupils of a file.
 *
 * @throws SFS_ANSWERS_UNREADABLE, SFS_ANSWERS_MALFORMED, also where there are fewer pupils than parts
 */
export async function readPupils(path: string, onProgress?: (done: ReadingDone) => void): Promise<PupilAnswers[]> {
  const pupils: PupilAnswers[] = [];
  for await (const pupil of readAnswers(path, onProgress)) pupils.push(pupil);
  if (pupils.length >= PARTS) return pupils;
  const message = `${path} has ${pupils.length} pupils; a comparison fits models to some and tests them on others, and needs ${PARTS}`;
  throw new SkillForgeError('SFS_ANSWERS_MALFORMED', message, { context: { file: path } });
}

/** Each model on the same pupils. */
export function compareModels(pupils: readonly PupilAnswers[], onProgress: (done: ComparingDone) => void = () => undefined): ComparedModel[] {
  return contenders.map((contender, n) => {
    const { model, title } = contender;
    const rows = Array.from({ length: PARTS }, (_, part) => {
      onProgress({ parts: n * PARTS + part, totalParts: contenders.length * PARTS, title });
      return predictPart(contender, pupils, part);
    }).flat();
    const aucInterval = areaInterval(rows, pupils.length, new SeededRandom(SEED));
    return { model, title, answers: rows.length, auc: areaUnderCurve(rows), aucInterval, logLoss: logLoss(rows) };
  });
}

/**
 * Predicts every fifth pupil, from the one of number `part` on, with parameters that are fitted to the others alone. The model then goes through
 * the whole file, so that what it keeps of skills comes from all pupils before.
 */
export function predictPart(contender: Contender, pupils: readonly PupilAnswers[], part: number): Scored[] {
  const model = contender.fit(pupils.filter((_, group) => group % PARTS !== part));
  return pupils.flatMap(({ answers }, group) => {
    const probabilities = predictPupil(model, answers, contender.leaks);
    return group % PARTS === part ? answers.map(({ isRight }, n) => ({ probability: probabilities[n]!, isRight, group })) : [];
  });
}
