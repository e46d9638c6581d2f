/** What the demo shows of the results. */
import { physicalTopicName, topics, type ItemTrend, type LearnerFeatures, type Opened } from '../../schemas/index.js';
import type { Storage } from '../../runtime/ports.js';
import { latestByKey } from './logReading.js';
import { countText, tableText, timeText } from './output.js';
import { decoderOf } from './topicCodecs.js';

/** The results in tables. */
export interface DemoTables {
  /** The last midnight that windows were closed at. */
  readonly asOf: string;
  /** Learners with features. */
  readonly learners: number;
  readonly learnersText: string;
  readonly cohort: string;
  readonly itemsText: string;
  /** One of those shown. */
  readonly learner: string;
}

type Features = Opened<LearnerFeatures>;
type Trend = Opened<ItemTrend>;

const ROWS = 6;

/** Reads the last features of each learner and the last trends of each item. */
export function demoTables(storage: Storage, region: string): DemoTables {
  const features = latestValues<Features>(storage, physicalTopicName(region, topics.learnerFeatures.name));
  const trends = latestValues<Trend>(storage, physicalTopicName(region, topics.itemTrends.name));
  const busiest = features
    .filter((one) => one.personal.engagement7d !== null)
    .sort((a, b) => clicksOf(b) - clicksOf(a))
    .slice(0, ROWS);
  const asOfMs = Math.max(...trends.map((one) => one.asOfMs));
  const items = topItems(trends.filter((one) => one.asOfMs === asOfMs));
  return {
    asOf: timeText(asOfMs),
    learners: features.length,
    learnersText: tableText(['learner', 'events', 'clicks', 'dwell, min', 'completed'], busiest.map(learnerRow)),
    cohort: items[0]?.cohort ?? '-',
    itemsText: tableText(['item', 'events', 'learner-days', 'clicks 7 d', 'clicks 1 d'], items.map(itemRow)),
    learner: busiest[0]?.learner ?? '-',
  };
}

function latestValues<V>(storage: Storage, topic: string): V[] {
  const decode = decoderOf(storage, topic);
  return [...latestByKey(storage, topic)].flatMap(([key, { value }]) => (value === null || decode === null ? [] : [decode(key, value) as V]));
}

const clicksOf = (one: Features): number => one.personal.engagement7d?.clicks ?? 0;

function learnerRow({ learner, personal }: Features): string[] {
  const { events, clicks, dwellMs, completions } = personal.engagement7d!;
  return [learner, countText(events), countText(clicks), countText(dwellMs / 60_000), countText(completions)];
}

/** The items of the busiest cohort, by clicks in 7 days. */
function topItems(trends: readonly Trend[]): Trend[] {
  const byCohort = new Map<string, number>();
  for (const one of trends) byCohort.set(one.cohort, (byCohort.get(one.cohort) ?? 0) + (one.trend7d?.clicks ?? 0));
  const [busiest] = [...byCohort].sort(([, a], [, b]) => b - a)[0] ?? [];
  const own = trends.filter((one) => one.cohort === busiest);
  return own.sort((a, b) => (b.trend7d?.clicks ?? 0) - (a.trend7d?.clicks ?? 0)).slice(0, ROWS);
}

function itemRow({ item, trend7d, trend1d }: Trend): string[] {
  return [
    item,
    countText(trend7d?.events ?? 0),
    countText(trend7d?.learnerDays ?? 0),
    countText(trend7d?.clicks ?? 0),
    countText(trend1d?.clicks ?? 0),
  ];
}
