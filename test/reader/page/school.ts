/** A small school whose records the tests write themselves, with two topologies over its clicks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { filter, map } from 'rxjs';
import { itemFeatures } from '../../../operators/features/itemFeatures.js';
import { count, hours, to, topology, tumbling, withValue, type Topology } from '../../../operators/index.js';
import { Worker, partitionOf } from '../../../runtime/index.js';
import { beginReplay, keepReplay } from '../../../runtime/replay/beginning.js';
import { localReplays } from '../../../runtime/replay/replayPlace.js';
import { memoryStorage } from '../../../runtime/testing/memoryStorage.js';
import {
  cohortId,
  courseId,
  itemId,
  learnerId,
  schema,
  topic,
  topics,
  type CandidateSource,
  type CatalogueItem,
  type RecommendedItem,
  type Topic,
} from '../../../schemas/index.js';
import { cohortTrend, itemTrend } from '../../topologies/trends.js';
import { RecordAppender } from '../../../scripts/commands/recordAppender.js';
import { runTopologies } from '../../../scripts/commands/topologyRun.js';

export const REGION = 'eu-west';
export const COURSE = courseId('AAA-2014J');
const COHORT = cohortId('AAA-2014J');
const MODEL = 'formula-1';

/** The clock of the school: a Sunday in event time. */
export const NOW_MS = Date.UTC(2014, 9, 5, 13);
const HOUR_MS = hours(1);
const DAY_MS = 24 * HOUR_MS;

const TITLES: Readonly<Record<string, string>> = {
  welcome: 'Welcome to the course',
  'cells-1': 'The cell and its parts',
  'cells-quiz': 'Quiz on cells',
  genes: 'Genes and heredity',
  'genes-quiz': 'Quiz on heredity',
  forum: 'Forum: ask and answer',
  ecology: 'An ecosystem in a jar',
  'essay-1': 'Essay: what is life?',
};

const perHour = schema.record({ learner: schema.string, hourStartMs: schema.long, events: schema.long });
const hoursOfClicks = topic({ name: 'hours-of-clicks', schema: perHour, keyFields: ['learner'], partitions: 12, derived: true });
const busyHours = topic({ name: 'busy-hours', schema: perHour, keyFields: ['learner'], partitions: 12, derived: true });

/** @param eventsOf - how many are told of a learner: none where that is 0 */
const clicksPerHourOf = (version: number, eventsOf: (learner: string, events: number) => number): Topology =>
  topology('clicks-per-hour', { version, description: 'counts clicks' }, ({ source }) => {
    source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs, latenessMs: 0, idleMs: 100 }).pipe(
      tumbling('hour', { sizeMs: HOUR_MS, late: 'dead-letter' }, { events: count() }),
      map((record) => {
        const { window, value } = record.value;
        return withValue(record, { learner: record.key, hourStartMs: window.startMs, events: eventsOf(record.key, value.events) });
      }),
      filter(({ value: { events } }) => events > 0),
      to(hoursOfClicks),
    );
  });
const clicksPerHour = clicksPerHourOf(1, (_, events) => events);
/** Counts one learner twice, and another one not at all. */
const countsOtherwise = clicksPerHourOf(2, (learner, events) => ({ 'learner-003': 0, 'learner-005': 2 * events })[learner] ?? events);
const busyLearners = topology('busy-learners', { version: 2 }, ({ source }) => {
  source(hoursOfClicks).pipe(to(busyHours));
});

/** The two topologies of the school: one reads what the other writes. */
export const TOPOLOGIES: readonly Topology[] = [clicksPerHour, busyLearners];

/** An item as tests name it: its source and its reasons have defaults. */
export interface Pick {
  readonly item: string;
  readonly source?: CandidateSource;
  readonly reasons?: readonly string[];
}

const recommended = ({ item, source = 'TRENDING', reasons = [] }: Pick, place: number): RecommendedItem => ({
  item: itemId(item),
  score: 1 / (place + 1),
  source,
  reasons,
});

/** Writes the records of the school, and runs its topologies. */
export class School {
  readonly storage = memoryStorage();
  readonly worker = new Worker(TOPOLOGIES, this.storage, { region: REGION, mode: 'follow', pollMs: 50 });
  private readonly appenders = new Map<string, RecordAppender<unknown>>();
  private running: Promise<void> | null = null;
  private clicks = 0;

  /** A school with a catalogue, a trend and `learners` learners, of whom the first is known best. */
  static async open(learners: number): Promise<School> {
    const school = new School();
    for (const [item, title] of Object.entries(TITLES)) await school.item(item, title);
    await school.popular(['forum', 'welcome', 'cells-1']);
    await school.trend();
    for (let number = 0; number < learners; number++) {
      await school.recommend(
        learnerName(number),
        ['welcome', 'cells-1', 'forum'].map((item) => ({ item })),
        [{ item: 'genes', source: 'CURRICULUM' }],
      );
    }
    await school.know(learnerName(0));
    return school;
  }

  async run(): Promise<void> {
    await this.worker.start();
    this.running = this.worker.run();
  }

  async close(): Promise<void> {
    this.worker.stop();
    await this.running;
  }

  async write<V>(to: Topic<string, V>, value: V): Promise<void> {
    let appender = this.appenders.get(to.name) as RecordAppender<V> | undefined;
    if (appender === undefined) {
      appender = new RecordAppender(this.storage, to, REGION, `school/${to.name}`);
      this.appenders.set(to.name, appender);
    }
    appender.add(value);
    await appender.commit({});
    await appender.finish();
  }

  recommend(learner: string, next: readonly Pick[], fresh: readonly Pick[], madeAtMs = NOW_MS - 3 * HOUR_MS): Promise<void> {
    return this.write(topics.recommendations, {
      learner: learnerId(learner),
      region: REGION,
      madeAtMs,
      validUntilMs: madeAtMs + DAY_MS,
      modelVersion: MODEL,
      topologyVersion: 1,
      variant: '',
      personal: { courses: [{ course: COURSE, segment: 'evening', next: next.map(recommended), new: fresh.map(recommended) }] },
    });
  }

  popular(items: readonly string[]): Promise<void> {
    return this.write(topics.segmentRecommendations, {
      course: COURSE,
      segment: 'all',
      region: REGION,
      madeAtMs: NOW_MS - DAY_MS / 2,
      validUntilMs: NOW_MS + DAY_MS,
      modelVersion: 'learner-days-7d',
      topologyVersion: 1,
      items: items.map((item, place) => ({ item: itemId(item), score: 10 - place, learnerDays: 100 - place })),
    });
  }

  /** Context, engagement and mastery of a learner. */
  async know(name: string, clicksLastHour = 4): Promise<void> {
    const learner = learnerId(name);
    const base = { learner, region: REGION, asOfMs: NOW_MS, topologyVersion: 1 };
    const window = (days: number, clicks: number) => ({
      windowStartMs: NOW_MS - days * DAY_MS,
      windowEndMs: NOW_MS,
      events: clicks,
      clicks: clicks * 2,
      dwellMs: clicks * 90_000,
      completions: Math.floor(clicks / 10),
    });
    const [engagement1h, engagement1d, engagement7d] = [window(1 / 24, clicksLastHour), window(1, 12), window(7, 1234)];
    await this.write(topics.learnerFeatures, { ...base, personal: { engagement1h, engagement1d, engagement7d, engagement28d: null } });
    await this.write(topics.learnerMastery, {
      ...base,
      personal: {
        skills: ['cells', 'heredity'].map((skill, index) => ({ skill, mastery: 0.86 - index / 2, answers: 14 - index, lastAtMs: NOW_MS })),
      },
    });
    const deadlines = [{ item: itemId('essay-1'), dueAtMs: NOW_MS + 3 * DAY_MS }];
    const course = { course: COURSE, cohort: COHORT, enrolledAtMs: NOW_MS - 30 * DAY_MS, deadlines };
    await this.write(topics.learnerContexts, {
      ...base,
      personal: { courses: [course], segment: 'evening', hoursPerWeek: 6, consentProfiling: true },
    });
  }

  item(item: string, title: string, rest: Partial<CatalogueItem> = {}): Promise<void> {
    const kind = item.endsWith('quiz') ? 'quiz' : 'page';
    const schedule = { durationMinutes: 20, availableFromMs: null, availableUntilMs: null };
    return this.write(topics.catalogue, {
      ...{ item: itemId(item), course: COURSE, kind, title, text: '', skills: [], prerequisites: [], difficulty: 0.5, ...schedule },
      ...{ region: REGION, withdrawn: false, updatedAtMs: NOW_MS - 60 * DAY_MS, position: null, plannedFromMs: null, plannedUntilMs: null, ...rest },
    });
  }

  trend(forumLastDay = 40): Promise<void> {
    const used = (item: string, [events1d, events3d, events7d]: readonly [number, number, number]) =>
      itemTrend(item, { events1d, events3d, events7d, learnerDays1d: 1, learnerDays3d: 2, learnerDays7d: 3, newLearners7d: 1 });
    const items = [used('forum', [forumLastDay, 90, 140]), used('welcome', [3, 30, 210]), used('genes', [9, 12, 14])];
    return this.write(topics.cohortTrends, cohortTrend(items, { cohort: COHORT, course: COURSE, region: REGION, asOfMs: NOW_MS }));
  }

  /** What a decision saw of two candidates, each feature of which is its column, of the second one half of it. */
  decide(name: string, decidedAtMs = NOW_MS - 3 * HOUR_MS): Promise<void> {
    const features = itemFeatures.declarations.map((_, column) => column);
    const seen = { source: 'TRENDING', sources: 1, newRank: -1, newScore: 0, nextPropensity: 1, newPropensity: 0, inclusionProbability: 1 };
    const [listed, unlisted] = [['TRENDING_IN_COHORT'], []].map((nextReasons) => ({ ...seen, nextReasons, newReasons: [] }));
    return this.write(topics.featureLog, {
      ...{ learner: learnerId(name), region: REGION, decisionId: `d-${decidedAtMs}`, decidedAtMs, modelVersion: MODEL, featureSet: itemFeatures.id },
      ...{ topologyVersion: 1, explored: false, explorationShare: 0, variant: '' },
      personal: {
        course: COURSE,
        cohort: COHORT,
        candidates: [
          { item: itemId('forum'), ...listed!, nextRank: 0, score: 0.5, features },
          { item: itemId('genes'), ...unlisted!, nextRank: -1, score: 0.25, nextPropensity: 0, features: features.map((value) => value / 2) },
        ],
      },
    });
  }

  /** A record that no topology can read. */
  garble(learner: string): Promise<void> {
    const key = Buffer.from(learner);
    const partition = partitionOf(key, topics.clicks.partitions);
    return this.storage.log.append([{ topic: `${REGION}.clicks`, partition, key, value: Buffer.from('no click'), header: null }]);
  }

  /** Replays the clicks by a version that counts otherwise, up to their end. */
  async replay(): Promise<void> {
    const place = localReplays(this.storage, REGION);
    const shadow = await beginReplay(place, countsOtherwise);
    const replay = { shadow, recordsPerSecond: 100_000 };
    await runTopologies(this.storage, [countsOtherwise], { region: REGION, mode: 'until-end', replay, stopped: new AbortController().signal });
    await keepReplay(place, countsOtherwise.name, { ...shadow, status: 'caught-up' });
  }

  /** Waits until so many hours of learners are counted. */
  async counted(count: number): Promise<void> {
    const { log } = this.storage;
    const topic = `${REGION}.${hoursOfClicks.name}`;
    const partitions = Array.from({ length: hoursOfClicks.partitions }, (_, partition) => partition);
    const found = (): number =>
      partitions.flatMap((partition) => log.read(topic, partition, 0, Number.MAX_SAFE_INTEGER)).filter(({ key }) => key !== null).length;
    while (found() < count) await sleep(20);
  }

  /** Clicks of some learners, one minute apart. */
  async click(count: number): Promise<void> {
    for (let number = 0; number < count; number++) {
      const learner = learnerId(learnerName(number % 12));
      const occurredAtMs = NOW_MS - DAY_MS + this.clicks++ * 60_000;
      const personal = { action: 'VIEW', item: itemId('forum'), dwellMs: 0, clicks: 1 } as const;
      await this.write(topics.clicks, {
        eventId: `e${this.clicks}`,
        learner,
        course: COURSE,
        cohort: COHORT,
        occurredAtMs,
        region: REGION,
        personal,
      });
    }
  }
}

/** Ids sort by number. */
export const learnerName = (number: number): string => `learner-${String(number).padStart(3, '0')}`;
