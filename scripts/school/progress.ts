/** How far learners are. */
import { SKILLS } from './layout.js';
import { SLOTS } from './learners.js';

const MOST = 255;

/** What is remembered of learners: 16 bytes for each, 8 a course that they may take. A new round of a course begins at nothing. */
export class Progress {
  private readonly round: Uint8Array;
  private readonly steps: Uint16Array;
  private readonly tries: Uint8Array;
  private readonly practices: Uint8Array;

  constructor(learners: number) {
    this.round = new Uint8Array(learners * SLOTS);
    this.steps = new Uint16Array(learners * SLOTS);
    this.tries = new Uint8Array(learners * SLOTS);
    this.practices = new Uint8Array(learners * SLOTS * SKILLS.length);
  }

  /** Where the learner's course is kept, as of a round of it. */
  place(learner: number, slot: number, round: number): number {
    const place = learner * SLOTS + slot;
    // 0 means nothing yet: rounds are counted from 1 on, modulo 255.
    const stamp = (round % MOST) + 1;
    if (this.round[place] !== stamp) {
      this.round[place] = stamp;
      this.steps[place] = 0;
      this.tries[place] = 0;
      this.practices.fill(0, place * SKILLS.length, (place + 1) * SKILLS.length);
    }
    return place;
  }

  /** Items of the chain that are done: the number of the next one. */
  stepOf(place: number): number {
    return this.steps[place]!;
  }

  advance(place: number): void {
    this.steps[place]!++;
    this.tries[place] = 0;
  }

  /** Attempts at the quiz that is next. */
  triesOf(place: number): number {
    return this.tries[place]!;
  }

  /** Counts an attempt; returns how many there are. */
  attempt(place: number): number {
    return (this.tries[place] = Math.min(MOST, this.tries[place]! + 1));
  }

  /** Lessons and exercises on a skill that were completed, repeats included. */
  practiceOf(place: number, skill: number): number {
    return this.practices[place * SKILLS.length + skill]!;
  }

  practise(place: number, skill: number): void {
    const at = place * SKILLS.length + skill;
    if (this.practices[at]! < MOST) this.practices[at]!++;
  }
}
