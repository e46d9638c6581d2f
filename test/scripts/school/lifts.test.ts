import { beforeAll, describe, expect, it } from 'vitest';
import type { Click, ItemId, LearnerId, Opened } from '../../../schemas/index.js';
import { School, type Motive } from '../../../scripts/school/index.js';
import { Collaborative, Curriculum, LastHours, Popular, type Predictor } from './predictors.js';

const DAY_MS = 86_400_000;
const BEST = 3;
const LEARNING_DAYS = 10;
const JUDGED: readonly Motive[] = ['next', 'burst', 'taste', 'evergreen'];
const NAMES = ['popular', 'hours', 'curriculum', 'collaborative'] as const;
type Name = (typeof NAMES)[number];

/** Openings that were judged, and by model those that were among its best three. */
interface Hits {
  openings: number;
  readonly by: Record<Name, number>;
}

/** Lets every model see the events as they come, and judges it on each opening after ten days, before it sees that. */
class Trial {
  private readonly hits = new Map<string, Hits>();
  private readonly electives: ReadonlySet<ItemId>;
  private readonly opened = new Map<LearnerId, Set<ItemId>>();
  private readonly models: Readonly<Record<Name, Predictor>>;

  constructor(school: School) {
    const steps = [...school.steps()];
    const catalogue = steps.flatMap((step) => step.catalogue);
    this.electives = new Set(catalogue.filter(({ text }) => text.endsWith('outside of the units')).map(({ item }) => item));
    const curriculum = new Curriculum(catalogue);
    const collaborative = new Collaborative(this.electives);
    this.models = { popular: new Popular(), hours: new LastHours(3), curriculum, collaborative };
    for (const { openings, clicks, quizResults, untilMs } of steps) {
      const motives = new Map(openings.map(({ click, motive }) => [click, motive]));
      for (const click of clicks) this.take(click, motives.get(click), untilMs > school.options.startMs + LEARNING_DAYS * DAY_MS);
      for (const result of quizResults) curriculum.toldResult(result);
      if (untilMs % DAY_MS === 0) collaborative.learn();
    }
  }

  /** How many of a hundred openings of a kind a model has among its best. */
  percent(kind: string, name: Name): number {
    const { openings, by } = this.hits.get(kind)!;
    return (100 * by[name]) / openings;
  }

  /** The most that a model other than this one has. */
  others(kind: string, but: Name): number {
    return Math.max(...NAMES.filter((name) => name !== but).map((name) => this.percent(kind, name)));
  }

  countOf(kind: string): number {
    return this.hits.get(kind)!.openings;
  }

  private take(click: Opened<Click>, motive: Motive | undefined, isJudged: boolean): void {
    if (motive !== undefined) {
      const before = this.opened.get(click.learner) ?? new Set();
      const { item } = click.personal;
      if (isJudged && JUDGED.includes(motive)) this.judge(motive, click, () => true);
      // Among electives that the learner has never opened: what they like themselves does not tell.
      if (isJudged && motive === 'taste' && !before.has(item))
        this.judge('new to a taste', click, (one) => this.electives.has(one) && !before.has(one));
      this.opened.set(click.learner, before.add(item));
    }
    for (const name of NAMES) this.models[name].told(click);
  }

  private judge(kind: string, { learner, course, occurredAtMs, personal }: Opened<Click>, isAsked: (item: ItemId) => boolean): void {
    const hits = this.hits.get(kind) ?? { openings: 0, by: { popular: 0, hours: 0, curriculum: 0, collaborative: 0 } };
    hits.openings++;
    for (const name of NAMES) {
      const list = this.models[name].rank(learner, course, occurredAtMs).filter(isAsked);
      if (list.slice(0, BEST).includes(personal.item)) hits.by[name]++;
    }
    this.hits.set(kind, hits);
  }
}

describe('the signals of a school', () => {
  let trial: Trial;

  beforeAll(() => {
    trial = new Trial(new School({ seed: 5, learners: 1_000, courses: 1, items: 150, days: 21, eventsPerDay: 5_000 }));
  }, 60_000);

  it('hide bursts from all models but the windows of the last hours', () => {
    expect(trial.countOf('burst')).toBeGreaterThan(500);
    expect(trial.percent('burst', 'hours')).toBeGreaterThan(85);
    expect(trial.others('burst', 'hours')).toBeLessThan(30);
  });

  it('hide what comes next from all models but the curriculum', () => {
    expect(trial.countOf('next')).toBeGreaterThan(2_000);
    expect(trial.percent('next', 'curriculum')).toBeGreaterThan(85);
    expect(trial.others('next', 'curriculum')).toBeLessThan(25);
  });

  it('hide a taste from all models but those that compare learners', () => {
    expect(trial.countOf('new to a taste')).toBeGreaterThan(500);
    expect(trial.percent('new to a taste', 'collaborative')).toBeGreaterThan(1.6 * trial.others('new to a taste', 'collaborative'));
    expect(trial.percent('taste', 'collaborative')).toBeGreaterThan(4 * trial.others('taste', 'collaborative'));
  });

  it('leave popularity the pages that everybody uses, and nothing else', () => {
    expect(trial.percent('evergreen', 'popular')).toBeGreaterThan(95);
    for (const motive of ['next', 'burst', 'taste']) expect(trial.percent(motive, 'popular')).toBeLessThan(10);
  });
});
