/** Compares every record that the topologies wrote with the plain computation. */
import type { LocalStorage } from '../../runtime/ports.js';
import { isMarker } from '../../runtime/engine/header.js';
import { localRecords } from '../../runtime/localTools.js';
import { LocalSchemaIds, physicalTopicName, topicCodec, topics, type Topic } from '../../schemas/index.js';
import { REGION } from './ouladJob.js';
import { PlainEngagement, PlainTrends, type Use } from './plainWindows.js';

/** What a check found; all is well when the three lists are empty. */
export interface Findings {
  /** Records that were compared. */
  readonly records: number;
  /** Records with another content than the plain computation has, with both; the first few. */
  readonly different: readonly string[];
  /** Records that the plain computation does not know, or that came twice; the first few. */
  readonly unexpected: readonly string[];
  /** What the plain computation has and no record; the first few. */
  readonly missing: readonly string[];
}

const SHOWN = 5;

/** Checks all windows of all learners: 1 h, 1 d, 7 d and 28 d. Also adds up the clicks of the hours, each of which belongs to one. */
export function checkEngagement(storage: LocalStorage, uses: readonly Use[]): Findings & { readonly eventsInHours: number } {
  const plain = new PlainEngagement();
  uses.forEach((use) => plain.add(use));
  const expected = plain.expected();
  const comparison = new Comparison(expected);
  let eventsInHours = 0;
  for (const { key, value } of valuesOf(storage, topics.learnerFeatures)) {
    const { personal } = value;
    eventsInHours += personal.engagement1h?.events ?? 0;
    comparison.compare(`${key} ${value.asOfMs}`, personal, plain.asOf(key, value.asOfMs));
  }
  return { ...comparison.findings(), eventsInHours };
}

/** Checks all windows of all items: 1 d, 3 d and 7 d. Also adds up the clicks of the days, each of which belongs to one. */
export function checkTrends(storage: LocalStorage, uses: readonly Use[]): Findings & { readonly eventsInDays: number } {
  const plain = new PlainTrends();
  uses.forEach((use) => plain.add(use));
  const comparison = new Comparison(plain.expected());
  let eventsInDays = 0;
  for (const { key, value } of valuesOf(storage, topics.itemTrends)) {
    const { trend1d, trend3d, trend7d } = value;
    eventsInDays += trend1d?.events ?? 0;
    comparison.compare(`${key} ${value.asOfMs}`, { trend1d, trend3d, trend7d }, plain.asOf(key, value.asOfMs));
  }
  return { ...comparison.findings(), eventsInDays };
}

class Comparison {
  private records = 0;
  private readonly different: string[] = [];
  private readonly unexpected: string[] = [];

  /** @param left - names of what must come; each is taken away when it has come */
  constructor(private readonly left: Set<string>) {}

  compare(name: string, actual: object, expected: object): void {
    this.records++;
    if (!this.left.delete(name)) this.unexpected.push(name);
    const [is, should] = [canonical(actual), canonical(expected)];
    if (is !== should) this.different.push(`${name}: ${is} instead of ${should}`);
  }

  findings(): Findings {
    const { records, different, unexpected, left } = this;
    return { records, different: different.slice(0, SHOWN), unexpected: unexpected.slice(0, SHOWN), missing: [...left].slice(0, SHOWN) };
  }
}

/** The same text for the same windows, whatever the order of their fields. */
function canonical(windows: object): string {
  return Object.entries(windows as Record<string, Record<string, number> | null>)
    .map(([name, window]) => `${name} ${window === null ? 'empty' : FIELDS.map((field) => window[field] ?? '-').join(',')}`)
    .sort()
    .join(' ');
}

const FIELDS = ['windowStartMs', 'windowEndMs', 'events', 'clicks', 'dwellMs', 'completions', 'learnerDays'] as const;

/** Every value of a topic, by partition and in the order of the log. */
export function* valuesOf<V>(storage: LocalStorage, topic: Topic<string, V>): Generator<{ readonly key: string; readonly value: V }> {
  const codec = topicCodec(topic, LocalSchemaIds.withAccepted());
  for (let partition = 0; partition < topic.partitions; partition++) {
    for (const { key, value, header } of localRecords(storage.log, physicalTopicName(REGION, topic.name), partition, 0)) {
      if (!isMarker(header)) yield { key: String(key), value: codec.decode(String(key), value!) };
    }
  }
}
