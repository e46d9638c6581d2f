/** Evaluates the recommender on a synthetic school: trained on it up to a day before its end, judged by its truth. */
import type { CandidateSource } from '../../schemas/index.js';
import { days } from '../../operators/index.js';
import { CANDIDATE_SOURCES } from '../../operators/recommend/candidateSources.js';
import type { ListName } from '../../reader/index.js';
import { topicOutput, writeSchool } from '../commands/schoolOutput.js';
import { DAY_MS, School, type SchoolOptions } from '../school/index.js';
import { FORMULA, LEARNED, featureVariants, sourceVariants, withoutComparing } from './ablation.js';
import { bootstrap, meanAt, type Interval } from './bootstrap.js';
import { eachAnswer } from './decidedLists.js';
import { decidedBy, prepare, type FlowEvents, type FlowOptions, type Reading, type Variant } from './productionFlow.js';
import { LISTED, keyOf, schoolTruths, worthOf, type ListWorth, type SchoolTruth } from './schoolTruth.js';
import type { DoneStep, WorkFolder } from './workFolder.js';

/** The lists that are judged. */
export const SCHOOL_LISTS = ['next', 'new'] as const satisfies readonly ListName[];

/** A figure of a variant, beside that of the whole on the same learners. */
export interface Compared {
  readonly value: number;
  /** Less that of the whole. */
  readonly difference: number;
  /** 95 % of the difference, by resampling learners. */
  readonly interval: Interval;
}

/** What one list of a variant is worth, as means over learners and courses; see {@link ListWorth}. */
export interface SchoolScores {
  readonly hit: Compared;
  readonly gain: Compared;
  /** Gain of learners who enrolled in the last seven days; `null` where there is none. */
  readonly newcomers: Compared | null;
  /** Of the probability that what is opened next is an item of the last 14 days, the part that is on the list; `null` where none can be opened. */
  readonly newItems: Compared | null;
  /** By source: share of the first ten items that name it as what proposed them. */
  readonly named: Readonly<Record<string, number>>;
}

/** A variant with its lists. */
export interface SchoolRow {
  readonly variant: string;
  readonly lists: Readonly<Record<ListName, SchoolScores>>;
}

/** What an evaluation found. */
export interface SchoolResult {
  readonly school: SchoolOptions;
  /** Learners and courses that are judged, by list: those for whom the whole made a list on the last day. */
  readonly judged: Readonly<Record<ListName, number>>;
  readonly newcomers: Readonly<Record<ListName, number>>;
  /** The whole first. */
  readonly rows: readonly SchoolRow[];
  readonly steps: readonly DoneStep[];
}

/** What to evaluate, and how. */
export interface SchoolCase extends Pick<FlowOptions, 'loggedDecisions' | 'trees' | 'onProgress'> {
  readonly school: SchoolOptions;
  readonly withAblation: boolean;
}

/** Trains on a school, decides its last day with each variant, and compares the lists with the truth. @throws what the steps throw */
export async function evaluateSchool(work: WorkFolder, { school, withAblation, ...flow }: SchoolCase): Promise<SchoolResult> {
  const { region } = school;
  const options: FlowOptions = {
    ...flow,
    events: schoolEvents(school),
    region,
    cutMs: school.startMs + school.days * DAY_MS,
    decidedWithinMs: days(1),
  };
  const prepared = await prepare(work, null, options);
  const truths = schoolTruths(school);
  const reading = schoolReading(region, new Set(truths.next.map(({ course }) => course)));
  const decide = async (variant: Variant): Promise<SchoolLists> => new SchoolLists(await decidedBy(work, prepared, variant, reading, options));
  const whole = await decide(LEARNED);
  const judges = { next: new Judge(truths.next, whole.next), new: new Judge(truths.new, whole.new) };
  const rowOf = (variant: string, lists: SchoolLists): SchoolRow => ({
    variant,
    lists: { next: judges.next.scores(lists.next), new: judges.new.scores(lists.new) },
  });
  const rows = [rowOf(LEARNED.name, whole)];
  for (const variant of [...(withAblation ? [...sourceVariants(), withoutComparing(), ...featureVariants()] : []), FORMULA]) {
    rows.push(rowOf(variant.name, await decide(variant)));
  }
  return {
    school,
    judged: { next: judges.next.size, new: judges.new.size },
    newcomers: { next: judges.next.newcomers, new: judges.new.newcomers },
    rows,
    steps: work.steps,
  };
}

/** The events of a school, which does not know of cuts: it ends at this one. */
const schoolEvents = (options: SchoolOptions): FlowEvents => ({
  inputs: { school: options },
  write: async (storage, { onProgress }) => {
    const total = options.days * options.eventsPerDay;
    await writeSchool(new School(options), topicOutput(storage, options), (clicks) =>
      onProgress({ what: 'writing the school', done: clicks, total: Math.max(total, clicks), unit: 'clicks' }),
    );
  },
});

interface Named {
  readonly item: string;
  readonly source: string;
}
type Kept = Record<ListName, [key: string, items: Named[]][]>;

const schoolReading = (region: string, courses: ReadonlySet<string>): Reading<Kept> => ({
  of: [...courses],
  from: async (folder) => {
    const kept: Kept = { next: [], new: [] };
    await eachAnswer(folder, region, courses, (answer) =>
      kept[answer.list].push([keyOf(answer), answer.items.slice(0, LISTED).map(({ item, source }) => ({ item, source }))]),
    );
    return kept;
  },
});

class SchoolLists {
  readonly next: ReadonlyMap<string, readonly Named[]>;
  readonly new: ReadonlyMap<string, readonly Named[]>;

  constructor(kept: Kept) {
    this.next = new Map(kept.next);
    this.new = new Map(kept.new);
  }
}

/** Judges lists of one kind, all on the learners for whom the whole has one. */
class Judge {
  private readonly truths: readonly SchoolTruth[];
  private readonly whole: readonly ListWorth[];
  private readonly places: Readonly<Record<'newcomers' | 'newItems', Uint32Array>>;
  private readonly people: People;

  constructor(truths: readonly SchoolTruth[], whole: ReadonlyMap<string, readonly Named[]>) {
    this.truths = truths.filter((truth) => whole.has(keyOf(truth)));
    this.people = new People(this.truths);
    this.whole = this.worths(whole);
    const where = (holds: (at: number) => boolean): Uint32Array => Uint32Array.from(this.truths.keys()).filter(holds);
    this.places = { newcomers: where((at) => this.truths[at]!.isNewcomer), newItems: where((at) => this.whole[at]!.newChance > 0) };
  }

  get size(): number {
    return this.truths.length;
  }

  get newcomers(): number {
    return this.places.newcomers.length;
  }

  scores(lists: ReadonlyMap<string, readonly Named[]>): SchoolScores {
    const [ours, whole] = [columnsOf(this.worths(lists)), columnsOf(this.whole)];
    const { newcomers, newItems } = this.places;
    const mean = (name: 'hit' | 'gain', places: Uint32Array): Compared =>
      this.people.compared(places, (drawn) => meanAt(ours[name], drawn) - meanAt(whole[name], drawn), meanAt(ours[name], places));
    const reached = (of: Columns, drawn: Uint32Array): number => meanAt(of.newHit, drawn) / meanAt(of.newChance, drawn);
    const everybody = Uint32Array.from(this.truths.keys());
    return {
      hit: mean('hit', everybody),
      gain: mean('gain', everybody),
      newcomers: newcomers.length === 0 ? null : mean('gain', newcomers),
      newItems:
        newItems.length === 0
          ? null
          : this.people.compared(newItems, (drawn) => reached(ours, drawn) - reached(whole, drawn), reached(ours, newItems)),
      named: this.namedIn(lists),
    };
  }

  private worths(lists: ReadonlyMap<string, readonly Named[]>): ListWorth[] {
    return this.truths.map((truth) =>
      worthOf(
        truth,
        (lists.get(keyOf(truth)) ?? []).map(({ item }) => item),
      ),
    );
  }

  private namedIn(lists: ReadonlyMap<string, readonly Named[]>): Record<CandidateSource, number> {
    const all = this.truths.flatMap((truth) => lists.get(keyOf(truth)) ?? []);
    const shareOf = (source: string): number => all.filter((one) => one.source === source).length / Math.max(1, all.length);
    return Object.fromEntries(CANDIDATE_SOURCES.map((source) => [source, shareOf(source)])) as Record<CandidateSource, number>;
  }
}

type Columns = Readonly<Record<keyof ListWorth, Float64Array>>;

function columnsOf(worths: readonly ListWorth[]): Columns {
  const column = (name: keyof ListWorth): Float64Array => Float64Array.from(worths, (one) => one[name]);
  return { hit: column('hit'), gain: column('gain'), newHit: column('newHit'), newChance: column('newChance') };
}

/** Resamples learners, each with all of their courses. */
class People {
  constructor(private readonly truths: readonly SchoolTruth[]) {}

  /** @param value - of the variant, on all places */
  compared(places: Uint32Array, differenceAt: (drawn: Uint32Array) => number, value: number): Compared {
    const byLearner = new Map<string, number[]>();
    for (const place of places) {
      const { learner } = this.truths[place]!;
      byLearner.set(learner, [...(byLearner.get(learner) ?? []), place]);
    }
    const people = [...byLearner.values()];
    const interval = bootstrap([people.length], ([drawn]) => differenceAt(Uint32Array.from(Array.from(drawn!, (one) => people[one]!).flat())));
    return { value, difference: differenceAt(places), interval };
  }
}
