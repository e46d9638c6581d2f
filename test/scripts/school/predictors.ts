/** Four simple models that rank what is opened next, each from another part of the events. */
import type { CatalogueItem, Click, CourseId, ItemId, LearnerId, Opened, QuizResult } from '../../../schemas/index.js';

/** Ranks items of a course for a learner at an instant, from what it was told before. */
export interface Predictor {
  told(click: Opened<Click>): void;
  /** The most probable items, best first. */
  rank(learner: LearnerId, course: CourseId, timeMs: number): ItemId[];
}

type Scores = Map<ItemId, number>;

const HOUR_MS = 3_600_000;

const best = (scores: ReadonlyMap<ItemId, number>): ItemId[] => [...scores].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([item]) => item);

const partOf = <K, V>(of: Map<K, V>, key: K, make: () => V): V => {
  const there = of.get(key);
  if (there !== undefined) return there;
  const made = make();
  of.set(key, made);
  return made;
};

const add = (scores: Scores, item: ItemId, score = 1): void => void scores.set(item, (scores.get(item) ?? 0) + score);

/** What the course opened most, ever. */
export class Popular implements Predictor {
  private readonly counts = new Map<CourseId, Scores>();

  told({ course, personal: { action, item } }: Opened<Click>): void {
    if (action === 'OPEN')
      add(
        partOf(this.counts, course, () => new Map<ItemId, number>()),
        item,
      );
  }

  rank(_learner: LearnerId, course: CourseId): ItemId[] {
    return best(this.counts.get(course) ?? new Map<ItemId, number>());
  }
}

/** What the course opens more in the last hours than it did before: the share of the window over the share of all. */
export class LastHours implements Predictor {
  private readonly opened = new Map<CourseId, { readonly item: ItemId; readonly timeMs: number }[]>();
  private readonly before = new Map<CourseId, Scores>();

  constructor(private readonly hours: number) {}

  told({ course, occurredAtMs, personal: { action, item } }: Opened<Click>): void {
    if (action !== 'OPEN') return;
    partOf(this.opened, course, () => []).push({ item, timeMs: occurredAtMs });
  }

  rank(_learner: LearnerId, course: CourseId, timeMs: number): ItemId[] {
    const window = this.opened.get(course) ?? [];
    const counts = partOf(this.before, course, () => new Map<ItemId, number>());
    while (window.length > 0 && window[0]!.timeMs < timeMs - this.hours * HOUR_MS) add(counts, window.shift()!.item);
    const recent: Scores = new Map();
    for (const { item } of window) add(recent, item);
    const most = Math.max(1, ...counts.values());
    return best(new Map([...recent].map(([item, n]) => [item, n - (window.length * (counts.get(item) ?? 0)) / (most * 8)] as const)));
  }
}

/** What comes after what the learner has done, by the prerequisites of the catalogue. */
export class Curriculum implements Predictor {
  private readonly chains = new Map<CourseId, CatalogueItem[]>();
  private readonly done = new Map<string, Set<ItemId>>();

  constructor(catalogue: readonly CatalogueItem[]) {
    for (const item of catalogue) {
      if (item.skills.length === 0) continue;
      const chain = partOf(this.chains, item.course, () => []);
      if (!chain.some((one) => one.item === item.item)) chain.push(item);
    }
  }

  told({ learner, course, personal: { action, item } }: Opened<Click>): void {
    if (action === 'COMPLETE' && !this.isQuiz(course, item)) this.doneBy(learner, course).add(item);
  }

  toldResult({ learner, course, personal: { item, correct } }: Opened<QuizResult>): void {
    if (correct) this.doneBy(learner, course).add(item);
  }

  rank(learner: LearnerId, course: CourseId): ItemId[] {
    const done = this.doneBy(learner, course);
    const next = (this.chains.get(course) ?? []).filter(({ item, prerequisites }) => !done.has(item) && prerequisites.every((one) => done.has(one)));
    return next.map(({ item }) => item);
  }

  private isQuiz(course: CourseId, item: ItemId): boolean {
    return (this.chains.get(course) ?? []).some((one) => one.item === item && one.kind === 'quiz');
  }

  private doneBy(learner: LearnerId, course: CourseId): Set<ItemId> {
    return partOf(this.done, `${learner} ${course}`, () => new Set());
  }
}

/** What those opened who opened the same: by how items go together over learners, of all that was told up to the last {@link learn}. */
export class Collaborative implements Predictor {
  private readonly opened = new Map<CourseId, Map<LearnerId, Scores>>();
  private readonly similar = new Map<CourseId, Map<ItemId, Scores>>();

  /** @param items - the only ones that it looks at */
  constructor(private readonly items: ReadonlySet<ItemId>) {}

  told({ learner, course, personal: { action, item } }: Opened<Click>): void {
    if (action !== 'OPEN' || !this.items.has(item)) return;
    const ofCourse = partOf(this.opened, course, () => new Map<LearnerId, Scores>());
    add(
      partOf(ofCourse, learner, () => new Map<ItemId, number>()),
      item,
    );
  }

  learn(): void {
    for (const [course, learners] of this.opened) this.similar.set(course, similarities([...learners.values()]));
  }

  rank(learner: LearnerId, course: CourseId): ItemId[] {
    const scores: Scores = new Map();
    const similar = this.similar.get(course);
    for (const [item, times] of this.opened.get(course)?.get(learner) ?? []) {
      for (const [other, similarity] of similar?.get(item) ?? []) add(scores, other, similarity * times);
    }
    return best(scores);
  }
}

/** How the shares of items go together over learners: Pearson's correlation. What everybody opens alike goes with nothing. */
function similarities(learners: readonly Scores[]): Map<ItemId, Scores> {
  const items = [...new Set(learners.flatMap((opened) => [...opened.keys()]))];
  const columns = new Map(items.map((item) => [item, centred(learners.map((opened) => shareOf(opened, item)))] as const));
  return new Map(items.map((item) => [item, new Map(items.map((other) => [other, dot(columns.get(item)!, columns.get(other)!)] as const))] as const));
}

function shareOf(opened: Scores, item: ItemId): number {
  let total = 0;
  for (const times of opened.values()) total += times;
  return (opened.get(item) ?? 0) / total;
}

/** Moved to a mean of 0 and scaled to a length of 1. */
function centred(values: readonly number[]): Float64Array {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const moved = Float64Array.from(values, (value) => value - mean);
  const length = Math.sqrt(dot(moved, moved));
  return length === 0 ? moved : moved.map((value) => value / length);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}
