import type { CourseTable } from './courseTable.js';
import { daysBetween, decayed, type Use } from './learnerState.js';
import { countIn, dayOf, shifted, weightOf } from './recentDays.js';

/** First opens of so many days tell where a learner is in the course. */
const FRONT_DAYS = 14;

/** What a learner did in a course up to an instant, by the numbers of its table: made once for a decision. */
export class LearnerHistory {
  /** By use: number of its item, -1 for what the table does not have; days since the last and the first one; its last days as seen from now. */
  readonly numbers: Int32Array;
  readonly ages: Int32Array;
  readonly firstAges: Int32Array;
  readonly recentDays: Int32Array;
  /** By use: days of use, each half as heavy after 28 days, and after 7. */
  readonly weights: Float64Array;
  readonly weights7d: Float64Array;
  /** By use: 1 for what was opened for the first time in the last days. */
  readonly isFront: Float64Array;
  /** By number: 1 for what was opened. By place in the order of the course: how many were opened before it. */
  readonly opened: Uint8Array;
  readonly openedBefore: Int32Array;
  /** By kind: days of use in 28 days, and items that were opened. */
  readonly kindDays: Float64Array;
  readonly kindOpened: Float64Array;
  /** The last days on which anything was used. */
  activeDays = 0;
  /** (item, day) pairs in 7 and in 28 days. */
  pairs7d = 0;
  pairs28d = 0;
  /** Items opened for the first time in 7 days. */
  newItems7d = 0;
  age = Infinity;
  firstAge = 0;
  /** Mean place of what was opened for the first time in the last days; NaN where that is nothing. */
  frontPlace = NaN;

  constructor(
    readonly uses: readonly Use[],
    readonly table: CourseTable,
    atMs: number,
  ) {
    const [count, items, kinds] = [uses.length, table.items.length, table.kinds.count];
    this.numbers = new Int32Array(count);
    this.ages = new Int32Array(count);
    this.firstAges = new Int32Array(count);
    this.recentDays = new Int32Array(count);
    this.weights = new Float64Array(count);
    this.weights7d = new Float64Array(count);
    this.isFront = new Float64Array(count);
    this.opened = new Uint8Array(items);
    this.openedBefore = new Int32Array(items + 1);
    this.kindDays = new Float64Array(kinds);
    this.kindOpened = new Float64Array(kinds);
    let [placeSum, placed] = [0, 0];
    for (let n = 0; n < count; n++) {
      const number = this.addUse(n, atMs);
      if (number < 0 || this.firstAges[n]! >= FRONT_DAYS) continue;
      this.isFront[n] = 1;
      placeSum += table.order.placeOf[number]!;
      placed++;
    }
    if (placed > 0) this.frontPlace = placeSum / placed / items;
    const { numberAt } = table.order;
    for (let place = 0; place < items; place++) this.openedBefore[place + 1] = this.openedBefore[place]! + this.opened[numberAt[place]!]!;
  }

  private addUse(n: number, atMs: number): number {
    const { item, firstMs, lastMs, recentDays, weight } = this.uses[n]!;
    const number = this.table.numbers.get(item) ?? -1;
    const age = daysBetween(lastMs, atMs - 1);
    const firstAge = Math.max(0, dayOf(atMs - 1) - dayOf(firstMs));
    const recent = shifted(recentDays, age);
    const days28 = countIn(recent, 28);
    this.numbers[n] = number;
    this.ages[n] = age;
    this.firstAges[n] = firstAge;
    this.recentDays[n] = recent;
    this.weights[n] = decayed(weight, age);
    this.weights7d[n] = weightOf(recent);
    this.activeDays |= recent;
    this.pairs7d += countIn(recent, 7);
    this.pairs28d += days28;
    if (firstAge < 7) this.newItems7d++;
    if (age < this.age) this.age = age;
    if (firstAge > this.firstAge) this.firstAge = firstAge;
    if (number < 0) return number;
    const kind = this.table.kinds.of[number]!;
    this.opened[number] = 1;
    this.kindDays[kind]! += days28;
    this.kindOpened[kind]!++;
    return number;
  }
}
