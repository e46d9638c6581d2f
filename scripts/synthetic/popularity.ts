/** Which items are used: few much, many little, and others from week to week. */
import { itemId, type ItemId } from '../../schemas/index.js';
import { cumulate, type SeededRandom } from './random.js';

/** Items such as the forum and the home page, which lead in every week. */
const EVERGREEN_SHARE = 0.05;
/** In how many weeks the others pass the lead around. */
const WEEKS_OF_COURSE = 12;

/**
 * Draws items by Zipf's law: the item of rank r is drawn with a weight of 1 / r. The first items of a course keep their rank.
 * Behind them the lead moves along the curriculum: what comes next has the next ranks, what is done has the last ones.
 */
export class Popularity {
  readonly #cumulative: Float64Array;
  readonly #evergreen: number;
  readonly #moving: number;
  readonly #step: number;

  constructor(
    private readonly random: SeededRandom,
    items: number,
  ) {
    this.#cumulative = cumulate(Array.from({ length: items }, (_, rank) => 1 / (rank + 1)));
    this.#evergreen = Math.ceil(items * EVERGREEN_SHARE);
    this.#moving = items - this.#evergreen;
    this.#step = Math.max(1, Math.round(this.#moving / WEEKS_OF_COURSE));
  }

  /** An item of a course in a week. Courses are in different places of their curriculum. */
  draw(courseNumber: number, week: number): ItemId {
    const item = this.itemAt(this.random.place(this.#cumulative), courseNumber, week);
    return itemId(`course-${courseNumber + 1}-item-${item + 1}`);
  }

  /** Number of the item that has a rank (0 first) in a week. */
  itemAt(rank: number, courseNumber: number, week: number): number {
    if (rank < this.#evergreen) return rank;
    return this.#evergreen + ((rank - this.#evergreen + (week + courseNumber) * this.#step) % this.#moving);
  }
}
