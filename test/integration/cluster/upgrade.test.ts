/** A field is added to the rows of a store while workers go on: old and new ones have tasks in turn, and read each other's rows. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, type TestContext } from 'vitest';
import { reduce, schema, topology, type Topology, type ValueSchema } from '../../../operators/index.js';
import { isMarker } from '../../../runtime/engine/header.js';
import { partitionOf } from '../../../schemas/partitioner.js';
import { Worker } from '../../../runtime/engine/worker.js';
import { LocalSchemaIds, topicCodec } from '../../../schemas/index.js';
import { event, events, results, timed, toResults, type Event } from '../../operators/pipelines.js';
import { record } from '../../runtime/engine/running.js';
import { SERVER_START_MS, sharedKafka, sharedRedis } from '../servers.js';
import { newRegion, openOn, type OpenCluster, type Servers } from './replica.js';

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const DEADLINE_MS = 120_000;

/** Counts the events of a key in rows of a given shape. */
function counting<S>(state: ValueSchema<S>, initial: S, next: (state: S, value: Event) => S): Topology {
  return topology('counting', { version: 1 }, ({ source }) => {
    source(events, timed).pipe(reduce('total', { state, initial, reduce: next }), toResults());
  });
}

const older = counting(schema.record({ n: schema.long }), { n: 0 }, ({ n }) => ({ n: n + 1 }));
const newer = counting(schema.record({ n: schema.long, last: schema.nullable(schema.string) }), { n: 0, last: null }, ({ n }, { tag }) => ({
  n: n + 1,
  last: tag,
}));

/** Some workers over servers, each with connections of its own as in a process of its own. */
class Upgrade {
  private sent = 0;

  private constructor(
    private readonly servers: Servers,
    private readonly region: string,
    private readonly own: OpenCluster,
  ) {}

  static async open(context: TestContext): Promise<Upgrade> {
    const servers = { kafka: await sharedKafka(context), redis: await sharedRedis(context) };
    const region = newRegion();
    const own = await openOn(servers, region);
    context.onTestFinished(() => own.close());
    return new Upgrade(servers, region, own);
  }

  /** Starts a worker. @returns what ends it, and fails where the worker failed */
  async start(of: Topology): Promise<() => Promise<void>> {
    const opened = await openOn(this.servers, this.region);
    const worker = new Worker([of], opened.cluster, { region: this.region, mode: 'follow' });
    await worker.start();
    const running = worker.run().finally(() => opened.close());
    // Looked at when it is ended.
    running.catch(() => undefined);
    return async () => {
      worker.stop();
      await running;
    };
  }

  /** Sends an event for each key, and waits until each is counted: once, in turn. */
  async count(tag: string): Promise<void> {
    this.sent++;
    const topic = `${this.region}.${events.name}`;
    await this.own.cluster.log.append(KEYS.map((key) => ({ ...record(events, event(key, this.sent, { tag })), topic })));
    const expected = new Map(KEYS.map((key) => [key, Array.from({ length: this.sent }, (_, n) => n + 1)]));
    for (const until = Date.now() + DEADLINE_MS; ; await sleep(300)) {
      const found = await this.counts();
      if (Date.now() > until || [...found.values()].flat().length >= KEYS.length * this.sent) return expect(found).toEqual(expected);
    }
  }

  /** The counts that were sent for each key, in their order. */
  private async counts(): Promise<Map<string, number[]>> {
    const codec = topicCodec(results, LocalSchemaIds.withAccepted());
    const counts = new Map<string, number[]>();
    for (const partition of new Set(KEYS.map((key) => partitionOf(Buffer.from(key), results.partitions)))) {
      for await (const { key, value, header } of this.own.cluster.records(`${this.region}.${results.name}`, partition)) {
        if (isMarker(header)) continue;
        const name = key!.toString();
        const { n } = JSON.parse(codec.decode(name, value!).json) as { n: number };
        counts.set(name, [...(counts.get(name) ?? []), n]);
      }
    }
    return new Map([...counts].sort());
  }
}

it('an upgrade of the rows of a store goes forth and back while workers run', { timeout: SERVER_START_MS }, async (context) => {
  const upgrade = await Upgrade.open(context);
  const endOlder = await upgrade.start(older);
  await upgrade.count('1');
  const endNewer = await upgrade.start(newer);
  await upgrade.count('2');
  await upgrade.count('3');
  // Back: the older one gets rows of a schema that it has never heard of.
  await endNewer();
  await upgrade.count('4');
  const endNewest = await upgrade.start(newer);
  await endOlder();
  await upgrade.count('5');
  await endNewest();
});
