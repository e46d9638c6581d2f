/**
 * What windows must hold, computed the plain way: sums by hour and day in maps, and each window as the sum of its units. Shares no
 * code with the operators.
 */
import { DAY_MS, HOUR_MS } from './clicks.js';

/** A use of an item by a learner, as a file or a test tells it. */
export interface Use {
  readonly learner: string;
  readonly cohort: string;
  readonly item: string;
  readonly atMs: number;
  readonly clicks: number;
  readonly dwellMs: number;
  readonly completed: boolean;
}

/** Sums of a window with its bounds. */
export interface PlainWindow {
  readonly windowStartMs: number;
  readonly windowEndMs: number;
  readonly events: number;
  readonly clicks: number;
}

/** As {@link PlainWindow}, for a learner. */
export interface LearnerWindow extends PlainWindow {
  readonly dwellMs: number;
  readonly completions: number;
}

/** As {@link PlainWindow}, for an item; counts (learner, day) pairs. */
export interface ItemWindow extends PlainWindow {
  readonly learnerDays: number;
}

/** What the topology learner-engagement must say of a learner as of an instant. */
export interface PlainFeatures {
  readonly engagement1h: LearnerWindow | null;
  readonly engagement1d: LearnerWindow | null;
  readonly engagement7d: LearnerWindow | null;
  readonly engagement28d: LearnerWindow | null;
}

/** What the topology item-trends must say of an item as of a midnight. */
export interface PlainTrend {
  readonly trend1d: ItemWindow | null;
  readonly trend3d: ItemWindow | null;
  readonly trend7d: ItemWindow | null;
}

type Sums = Record<string, number>;
/** Of one key, by number of the unit of time since 1970. */
type Units = Map<number, Sums>;

/** The uses of all learners, by hour and by day. */
export class PlainEngagement {
  private readonly hours = new Map<string, Units>();
  private readonly days = new Map<string, Units>();

  add({ learner, atMs, clicks, dwellMs, completed }: Use): void {
    const added = { events: 1, clicks, dwellMs, completions: completed ? 1 : 0 };
    addTo(unitsOf(this.hours, learner), Math.floor(atMs / HOUR_MS), added);
    addTo(unitsOf(this.days, learner), Math.floor(atMs / DAY_MS), added);
  }

  /** Every (learner, instant) at which an hour with clicks ends, or a day up to which the last 28 days hold any, as `learner instant`. */
  expected(): Set<string> {
    const hourEnds = [...this.hours].flatMap(([learner, units]) => [...units.keys()].map((hour) => `${learner} ${(hour + 1) * HOUR_MS}`));
    return new Set([...hourEnds, ...endsOf(this.days, 28)]);
  }

  asOf(learner: string, asOfMs: number): PlainFeatures {
    const midnightMs = Math.floor(asOfMs / DAY_MS) * DAY_MS;
    const lastDays = (count: number): LearnerWindow | null => windowOf(unitsOf(this.days, learner), DAY_MS, midnightMs, count);
    return {
      engagement1h: windowOf(unitsOf(this.hours, learner), HOUR_MS, asOfMs, 1),
      engagement1d: lastDays(1),
      engagement7d: lastDays(7),
      engagement28d: lastDays(28),
    };
  }
}

/** The uses of all items of all cohorts, by day. */
export class PlainTrends {
  private readonly days = new Map<string, Units>();
  private readonly learnerDays = new Set<string>();

  add({ learner, cohort, item, atMs, clicks }: Use): void {
    const day = Math.floor(atMs / DAY_MS);
    const seen = this.learnerDays.size;
    this.learnerDays.add(`${cohort} ${item} ${day} ${learner}`);
    addTo(unitsOf(this.days, `${cohort}|${item}`), day, { events: 1, clicks, learnerDays: this.learnerDays.size - seen });
  }

  /** Every (item, midnight) up to which the last 7 days hold any click, as `cohort|item midnight`. */
  expected(): Set<string> {
    return new Set(endsOf(this.days, 7));
  }

  asOf(key: string, asOfMs: number): PlainTrend {
    const lastDays = (count: number): ItemWindow | null => windowOf(unitsOf(this.days, key), DAY_MS, asOfMs, count);
    return { trend1d: lastDays(1), trend3d: lastDays(3), trend7d: lastDays(7) };
  }
}

function unitsOf(all: Map<string, Units>, key: string): Units {
  let units = all.get(key);
  if (units === undefined) all.set(key, (units = new Map<number, Sums>()));
  return units;
}

function addTo(units: Units, unit: number, added: Sums): void {
  units.set(unit, plus(units.get(unit), added));
}

function plus(sums: Sums | undefined, added: Sums): Sums {
  const total = { ...sums };
  for (const name in added) total[name] = (total[name] ?? 0) + added[name]!;
  return total;
}

/** The window of `count` units that ends at `endMs`; `null` where nothing happened in it. */
function windowOf<W extends PlainWindow>(units: Units, unitMs: number, endMs: number, count: number): W | null {
  let total: Sums | undefined;
  for (let unit = endMs / unitMs - count; unit < endMs / unitMs; unit++) {
    const sums = units.get(unit);
    if (sums !== undefined) total = plus(total, sums);
  }
  return total === undefined ? null : ({ windowStartMs: endMs - count * unitMs, windowEndMs: endMs, ...total } as unknown as W);
}

/** Each key with each midnight up to which its last `count` days hold anything. */
function endsOf(all: Map<string, Units>, count: number): string[] {
  return [...all].flatMap(([key, units]) => {
    const ends = new Set<number>();
    for (const day of units.keys()) for (let after = 1; after <= count; after++) ends.add((day + after) * DAY_MS);
    return [...ends].map((endMs) => `${key} ${endMs}`);
  });
}
