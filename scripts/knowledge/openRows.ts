/**
 * Rows of a pupil that follow each other may be one answer, given once for each of its skills: who predicts the second from the first has seen what
 * is to be predicted. The file does not say which rows these are, so every row that could belong to the answer stays open: it counts for its own
 * skill, and for anything else only when it can be no part of the next answer.
 *
 * @see X. Xiong et al., "Going deeper with deep knowledge tracing" (EDM 2016)
 */
import type { GivenAnswer } from './answerFile.js';

/** The public sequences give an answer of several skills as one row for each of them; none has more than four. */
const MOST_SKILLS = 4;

interface Open<T> {
  readonly answer: GivenAnswer;
  readonly told: T;
}

/** The last rows of one pupil, each with what it will tell. */
export class OpenRows<T> {
  private readonly open: Open<T>[] = [];

  /** Takes out what cannot be one answer with a row of `skills`: rows of one answer have different skills, and there are four at most. */
  settledBy(skills: readonly string[]): T[] {
    let kept = this.open.length;
    const first = Math.max(0, this.open.length - (MOST_SKILLS - 1));
    while (kept > first && !this.open[kept - 1]!.answer.skills.some((skill) => skills.includes(skill))) kept--;
    return this.close(kept);
  }

  /** Opens a row; takes out what cannot be one answer with it: one answer is right or wrong for all of its skills. */
  add(answer: GivenAnswer, told: T): T[] {
    const closed = this.open.at(-1)?.answer.isRight === answer.isRight ? [] : this.close(this.open.length);
    this.open.push({ answer, told });
    return closed;
  }

  private close(count: number): T[] {
    return this.open.splice(0, count).map(({ told }) => told);
  }
}
