/**
 * Chooses the constants of Elo that predict best: each is tried a little higher and a little lower, kept where that helps, and what is little gets
 * smaller when nothing helps any more.
 *
 * @see R. Hooke, T. Jeeves, "'Direct search' solution of numerical and statistical problems" (Journal of the ACM 8(2), 1961)
 */
import type { PupilAnswers } from '../answerFile.js';
import { Elo, type EloConstants } from './elo.js';
import { predictPupil, type Contender } from './knowledgeModel.js';

/** The step of Pelánek's paper, 1 / (1 + 0.05 n), halved for the two levels of a pupil that are added. Difficulty: 0.65 of answers are right. */
const START: readonly number[] = [0.5, 0.05, 0.5, 0.05, 1, 0.05, -0.62];
/** Place of the difficulty: the one that may be below 0. */
const DIFFICULTY = START.length - 1;
/** Constants are multiplied by exp of it; the difficulty is moved by it. */
const WIDEST = 0.8;
const NARROWEST = 0.2;
/** Some hundred runs are needed: every fourth pupil is enough for seven constants. */
const EVERY = 4;

/** Constants of least log loss of what every fourth of these pupils answered, each answer predicted from those before. */
export function fitElo(all: readonly PupilAnswers[]): EloConstants {
  const pupils = all.filter((_, n) => n % EVERY === 0);
  let best = { constants: START, loss: lossOf(START, pupils) };
  for (let width = WIDEST; width >= NARROWEST; width /= 2) {
    for (let isBetter = true; isBetter;) {
      const before = best.loss;
      for (let place = 0; place < START.length; place++) best = tried(best, place, width, pupils);
      isBetter = best.loss < before - 1e-5;
    }
  }
  return constantsOf(best.constants);
}

interface Tried {
  readonly constants: readonly number[];
  readonly loss: number;
}

/** The better neighbour in one constant, or what was there. */
function tried(best: Tried, place: number, width: number, pupils: readonly PupilAnswers[]): Tried {
  for (const move of [width, -width]) {
    const constants = best.constants.map((value, n) => (n === place ? shifted(value, n, move) : value));
    const loss = lossOf(constants, pupils);
    if (loss < best.loss) return { constants, loss };
  }
  return best;
}

const shifted = (value: number, place: number, move: number): number => (place === DIFFICULTY ? value + move : value * Math.exp(move));

function constantsOf([pupil, pupilDecay, pupilSkill, pupilSkillDecay, skill, skillDecay, difficulty]: readonly number[]): EloConstants {
  return {
    pupil: { first: pupil!, decay: pupilDecay! },
    pupilSkill: { first: pupilSkill!, decay: pupilSkillDecay! },
    skill: { first: skill!, decay: skillDecay! },
    difficulty: difficulty!,
  };
}

function lossOf(constants: readonly number[], pupils: readonly PupilAnswers[]): number {
  const model = new Elo(constantsOf(constants));
  let [loss, count] = [0, 0];
  for (const { answers } of pupils) {
    const probabilities = predictPupil(model, answers);
    answers.forEach(({ isRight }, n) => (loss -= Math.log(isRight ? probabilities[n]! : 1 - probabilities[n]!)));
    count += answers.length;
  }
  return loss / count;
}

/** Its row. */
export const elo: Contender = { model: 'elo', title: 'Elo', fit: (pupils) => new Elo(fitElo(pupils)) };
