/**
 * Fits the four parameters of a skill by expectation maximisation: how probably each pupil knew the skill at each answer, given all of their
 * answers; then the parameters that make this most probable; and again.
 *
 * @see L. Rabiner, "A tutorial on hidden Markov models and selected applications in speech recognition" (Proceedings of the IEEE 77(2), 1989)
 */
import type { PupilAnswers } from '../answerFile.js';
import { Bkt, USUAL, type BktParameters } from './bkt.js';
import type { Contender } from './knowledgeModel.js';

const ROUNDS = 50;
/** Nothing is certain; and above a half, a guess or a slip would turn knowing into not knowing. */
const LEAST = 0.01;
const MOST = { known: 0.99, learn: 0.99, guess: 0.5, slip: 0.5 };

/** Expected counts: how often each of the four could have happened, and how often it did. */
interface Counts {
  readonly could: Record<keyof BktParameters, number>;
  readonly did: Record<keyof BktParameters, number>;
}

/** @param sequences - marks of each pupil, none empty  @param start - where the search begins */
export function fitBkt(sequences: readonly (readonly boolean[])[], start: BktParameters, rounds = ROUNDS): BktParameters {
  let parameters = start;
  for (let round = 0; round < rounds; round++) {
    const counts: Counts = { could: zeros(), did: zeros() };
    for (const marks of sequences) count(marks, parameters, counts);
    parameters = likeliest(counts, parameters);
  }
  return parameters;
}

const zeros = (): Record<keyof BktParameters, number> => ({ known: 0, learn: 0, guess: 0, slip: 0 });

function likeliest({ could, did }: Counts, before: BktParameters): BktParameters {
  const share = (name: keyof BktParameters): number =>
    could[name] === 0 ? before[name] : Math.min(MOST[name], Math.max(LEAST, did[name] / could[name]));
  return { known: share('known'), learn: share('learn'), guess: share('guess'), slip: share('slip') };
}

/** Forward: how probably the skill is known before each mark, given the marks before it. Backward: how much more probable knowing makes the rest. */
function count(marks: readonly boolean[], parameters: BktParameters, { could, did }: Counts): void {
  const { learn } = parameters;
  const known = forward(marks, parameters);
  // Probability of the marks from here on when the skill is known, and when it is not; both may be scaled together.
  let [ifKnown, ifNot] = [1, 1];
  could.known++;
  for (let at = marks.length - 1; at >= 0; at--) {
    const isRight = marks[at]!;
    const [byKnowing, byNot] = [known[at]! * likelihood(isRight, true, parameters), (1 - known[at]!) * likelihood(isRight, false, parameters)];
    // Three ways through this answer: it was known; it was not, and is learnt; it was not, and is not.
    const [was, learnt, isNot] = [byKnowing * ifKnown, byNot * learn * ifKnown, byNot * (1 - learn) * ifNot];
    const share = 1 / (was + learnt + isNot);
    addCounts(isRight, was * share, { could, did });
    // What is learnt at the last answer shows nowhere.
    if (at < marks.length - 1) {
      could.learn += (learnt + isNot) * share;
      did.learn += learnt * share;
    }
    if (at === 0) did.known += was * share;
    const scale = likelihood(isRight, true, parameters) * ifKnown;
    ifNot = (likelihood(isRight, false, parameters) * (learn * ifKnown + (1 - learn) * ifNot)) / scale;
    ifKnown = 1;
  }
}

function addCounts(isRight: boolean, was: number, { could, did }: Counts): void {
  could.slip += was;
  could.guess += 1 - was;
  if (isRight) did.guess += 1 - was;
  else did.slip += was;
}

function forward(marks: readonly boolean[], parameters: BktParameters): number[] {
  let known = parameters.known;
  return marks.map((isRight) => {
    const before = known;
    const [yes, no] = [before * likelihood(isRight, true, parameters), (1 - before) * likelihood(isRight, false, parameters)];
    const shown = yes / (yes + no);
    known = shown + (1 - shown) * parameters.learn;
    return before;
  });
}

function likelihood(isRight: boolean, isKnown: boolean, { guess, slip }: BktParameters): number {
  const right = isKnown ? 1 - slip : guess;
  return isRight ? right : 1 - right;
}

/** Its row: four parameters of each skill, by expectation maximisation. */
export const bkt: Contender = {
  model: 'bkt',
  title: 'BKT',
  fit: (pupils) => new Bkt(new Map([...sequencesOf(pupils)].map(([skill, sequences]) => [skill, fitBkt(sequences, USUAL)]))),
};

/** Of each skill the marks of each pupil, in their order. */
function sequencesOf(pupils: readonly PupilAnswers[]): Map<string, boolean[][]> {
  const all = new Map<string, boolean[][]>();
  for (const { answers } of pupils) {
    const own = new Map<string, boolean[]>();
    for (const { skills, isRight } of answers) for (const skill of skills) listOf(own, skill).push(isRight);
    for (const [skill, marks] of own) listOf(all, skill).push(marks);
  }
  return all;
}

function listOf<T>(lists: Map<string, T[]>, name: string): T[] {
  const list = lists.get(name) ?? [];
  if (list.length === 0) lists.set(name, list);
  return list;
}
