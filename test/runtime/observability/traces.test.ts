/** Traces of real topologies and a real reader, at a collector that takes OTLP over HTTP. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createReader } from '../../../reader/index.js';
import { clockMarkers } from '../../../runtime/engine/clock.js';
import { localPlacement } from '../../../runtime/engine/localPlacement.js';
import { OtlpExporter, PromMetrics, RunMonitor, TracedTasks } from '../../../runtime/observability/index.js';
import { fewerPartitions } from '../../../runtime/testing/fewerPartitions.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import { Worker } from '../../../runtime/engine/worker.js';
import { LocalSchemaIds, TraceIdentity, keyOf, topicCodec, topics, type Span, type Topic } from '../../../schemas/index.js';
import cohortTrends from '../../../topologies/cohort-trends.js';
import curricula from '../../../topologies/curricula.js';
import learnerActivity from '../../../topologies/learner-activity.js';
import learnerContexts from '../../../topologies/learner-contexts.js';
import recommendations from '../../../topologies/recommendations.js';
import segmentLists from '../../../topologies/segment-lists.js';
import { HOUR_MS, at, click } from '../../topologies/clicks.js';
import { catalogueItem, profile, statement } from '../../topologies/statements.js';
import { REGION } from '../engine/running.js';
import { startCollector, type Collector, type SentSpan } from './collector.js';

const KEY = 'a secret of this test';
const PATH = [learnerActivity, learnerContexts, curricula, cohortTrends, segmentLists, recommendations].map((one) => fewerPartitions(one, 1));
const SOURCES = [topics.clicks, topics.lmsEvents, topics.profiles, topics.catalogue] as readonly Topic<string, unknown>[];
const ids = LocalSchemaIds.withAccepted();
const SLOW_MS = 60_000;

async function append(storage: MemoryStorage, topic: unknown, ...values: readonly object[]): Promise<void> {
  const of = topic as Topic<string, unknown>;
  const codec = topicCodec(of, ids);
  for (const value of values) {
    const key = keyOf(of, value);
    await storage.log.append([{ topic: `${REGION}.${of.name}`, partition: 0, key: Buffer.from(key), value: codec.encode(key, value), header: null }]);
  }
}

/** The first hour of two learners in a course, from the events to the lists; under a monitor, where one is given. */
async function firstHour(monitor: RunMonitor | null): Promise<MemoryStorage> {
  const storage = memoryStorage({ now: () => at(1) });
  const placement = localPlacement(storage);
  const options = { region: REGION, mode: 'until-end', now: () => at(1) } as const;
  const worker = new Worker(PATH, monitor?.placement(placement) ?? placement, options);
  const unfollow = monitor?.follow(worker);
  await worker.start();
  const learners = ['ada-lovelace', 'bob-the-other'];
  await append(storage, topics.catalogue, ...['i1', 'i2'].map((item) => catalogueItem(item, at(-20))));
  await append(storage, topics.profiles, ...learners.map((learner) => profile(learner, at(-10), { segments: { education: 'HE' } })));
  await append(storage, topics.lmsEvents, ...learners.map((learner) => statement('ENROLLED', learner, at(-10))));
  await append(storage, topics.clicks, ...learners.map((learner) => click(learner, at(0, 1), { item: 'i1' })));
  for (const { name } of SOURCES) await storage.log.append(clockMarkers(`${REGION}.${name}`, 1, at(0, 3 * HOUR_MS)));
  await worker.run();
  unfollow?.();
  return storage;
}

/** Everything in the log, byte for byte. */
const contentsOf = ({ log }: MemoryStorage): string =>
  JSON.stringify(
    log.topics().map(({ name, partitions }) => [name, Array.from({ length: partitions }, (_, partition) => log.read(name, partition, 0, Infinity))]),
  );

const monitorFor = (identity: TraceIdentity, sink: (span: Span) => void): RunMonitor =>
  new RunMonitor(new PromMetrics(), { traced: new TracedTasks({ identity, sink }, () => at(1, 7)) });

describe('traces', () => {
  let collector: Collector;
  /** Of the run of the first test. */
  const first: Span[] = [];
  const ended: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    collector = await startCollector();
  });
  afterEach(async () => {
    for (const end of ended.splice(0).reverse()) await end();
    collector.bodies.length = 0;
    collector.status = 200;
  });
  afterAll(() => collector.close());

  const exporting = (onTrouble: (message: string) => void = () => undefined): OtlpExporter => {
    const exporter = new OtlpExporter({ address: collector.address, service: 'test', region: REGION, everyMs: 20, onTrouble });
    ended.push(() => exporter.close());
    return exporter;
  };

  it('lead from the answer of a reader to the event that it comes from, and name nobody', { timeout: SLOW_MS }, async () => {
    const identity = new TraceIdentity(KEY, 1);
    const exporter = exporting();
    const storage = await firstHour(
      monitorFor(identity, (span) => {
        exporter.add(span);
        first.push(span);
      }),
    );
    const traces = { identity, sink: exporter.add };
    const reader = await createReader({ log: storage.log, region: REGION, now: 'data', traces });
    ended.push(() => reader.close());
    await reader.client.catchUp();
    const answer = await reader.app.inject('/v1/learners/ada-lovelace/recommendations');
    expect(answer.json()).toMatchObject({ served: 'personal', madeAt: new Date(at(0, HOUR_MS) - 1).toISOString() });
    await exporter.flush();
    await exporter.flush();

    const spans = collector.spans();
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const way: SentSpan[] = [];
    for (let one = spans.find(({ name }) => name === 'answer'); one !== undefined; one = byId.get(one.parentSpanId ?? '')) way.push(one);
    expect(way.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'answer 2',
      'recommendations@2 recommendations 5',
      'learner-activity@1 learner-activity 5',
      'clicks 4',
    ]);
    expect(new Set(way.map(({ traceId }) => traceId)).size).toBe(1);
    for (const { traceId, spanId } of spans)
      expect([traceId, spanId]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), expect.stringMatching(/^[0-9a-f]{16}$/)]);
    const click = way.at(-1)!;
    expect(click.attributes.map(({ key, value }) => [key, value.stringValue])).toEqual([
      ['messaging.destination.name', 'clicks'],
      ['skillforge.event_time', new Date(at(0, 1)).toISOString()],
    ]);
    expect([click.startTimeUnixNano, way[1]!.endTimeUnixNano]).toEqual([`${at(1)}000000`, `${at(1, 7)}000000`]);
    // Whatever is by course, by segment or by item is in no trace.
    const told = spans.map(({ name }) => name.split(' ').at(-1)!);
    for (const topic of ['catalogue', 'curricula', 'cohort-trends', 'segment-recommendations']) expect(told).not.toContain(topic);
    expect(told).toContain('learner-contexts');
    expect(collector.bodies.join()).not.toMatch(/ada|lovelace|bob-the/);
    expect(exporter.dropped).toBe(0);
  });

  it('change no record, and a run that does it again has the same ids', { timeout: SLOW_MS }, async () => {
    const without = await firstHour(null);
    const spans: Span[] = [];
    expect(contentsOf(await firstHour(monitorFor(new TraceIdentity(KEY, 1), (span) => spans.push(span))))).toBe(contentsOf(without));
    expect(spans.length).toBeGreaterThan(8);
    expect(new Set(spans.map(({ spanId }) => spanId))).toEqual(new Set(first.map(({ spanId }) => spanId)));
  });

  it('are of those who are followed alone', { timeout: SLOW_MS }, async () => {
    const spans: Span[] = [];
    const identity = new TraceIdentity(KEY, 1e-9);
    const storage = await firstHour(monitorFor(identity, (span) => spans.push(span)));
    const reader = await createReader({ log: storage.log, region: REGION, now: 'data', traces: { identity, sink: (span) => spans.push(span) } });
    ended.push(() => reader.close());
    await reader.client.catchUp();
    await reader.app.inject('/v1/learners/ada-lovelace/recommendations');
    expect(spans).toEqual([]);
  });

  it('are dropped where a collector is away, told once, and sent again when it is back', async () => {
    const told: string[] = [];
    const exporter = exporting((message) => told.push(message));
    const span: Span = {
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      parentId: null,
      name: 'one',
      kind: 'server',
      startMs: 1.5,
      endMs: 2,
      attributes: { n: 1 },
    };
    collector.status = 503;
    exporter.add(span);
    await exporter.flush();
    exporter.add(span);
    await exporter.flush();
    expect([exporter.dropped, exporter.sent, told]).toEqual([2, 0, [expect.stringContaining('it answers with 503')]]);
    for (let n = 0; n < 5_000; n++) exporter.add(span);
    expect(exporter.dropped).toBe(2 + 5_000 - 4_096);
    collector.status = 200;
    await exporter.flush();
    expect([exporter.sent, collector.spans().length, told.length]).toEqual([4_096, 4_096, 1]);
    expect(collector.spans()[0]).toEqual({
      traceId: span.traceId,
      spanId: span.spanId,
      name: 'one',
      kind: 2,
      startTimeUnixNano: '1500000',
      endTimeUnixNano: '2000000',
      attributes: [{ key: 'n', value: { doubleValue: 1 } }],
    });
  });

  it('go to an address, which holds no password', () => {
    const exporter = (address: string): unknown => new OtlpExporter({ address, service: 'test', region: REGION });
    expect(() => exporter('localhost:4318')).toThrow(expect.objectContaining({ code: 'SFS_TRACES_INVALID' }) as Error);
    const withPassword = expect.objectContaining({ code: 'SFS_TRACES_INVALID', message: expect.not.stringContaining('secret') as string }) as Error;
    expect(() => exporter('http://somebody:secret@localhost:4318')).toThrow(withPassword);
  });
});
