/** A region on servers whose Redis may be emptied, and what its topology should leave there. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, type TestContext } from 'vitest';
import { isMarker } from '../../../runtime/engine/header.js';
import { partitionOf } from '../../../schemas/partitioner.js';
import { Worker } from '../../../runtime/engine/worker.js';
import type { OutputRecord, ToolAccess } from '../../../runtime/ports.js';
import { LocalSchemaIds, topicCodec, type Topic } from '../../../schemas/index.js';
import { taskNames } from '../../../runtime/replay/positions.js';
import { findDeployed } from '../../../scripts/commands/deployed.js';
import { lagsOf } from '../../../scripts/commands/lag.js';
import { redisCommand } from '../../../scripts/services/redisCommand.js';
import { newRegion, openOn, type OpenCluster, type Servers } from '../cluster/replica.js';
import { ownServices, sharedKafka } from '../servers.js';
import tallying, { notes, tallies, texts } from './tallies.js';

const DEADLINE_MS = 120_000;
const LEARNERS = 20;
const TEXTS = 7;

const ids = LocalSchemaIds.withAccepted();

/** Note number `n`. */
const noteOf = (n: number) => ({ learner: `learner-${n % LEARNERS}`, atMs: n, text: `text-${n % TEXTS}` });

/** A region with a Redis of its own. */
export class Region {
  private sent = 0;

  private constructor(
    readonly servers: Servers,
    readonly name: string,
  ) {}

  static async open(context: TestContext): Promise<Region> {
    const kafka = await sharedKafka(context);
    const { redis } = await ownServices({ redis: 'single' }, context);
    return new Region({ kafka, redis: redis!.url }, newRegion());
  }

  get topic(): string {
    return `${this.name}.${notes.name}`;
  }

  /** Runs a worker while `work` goes on, and ends it. */
  async working<T>(work: (opened: OpenCluster) => Promise<T>): Promise<T> {
    const opened = await openOn(this.servers, this.name);
    const worker = new Worker([tallying], opened.cluster, { region: this.name, mode: 'follow', limits: { maxRecords: 100 } });
    await worker.start();
    const running = worker.run();
    try {
      return await work(opened);
    } finally {
      worker.stop();
      await running;
      await opened.close();
    }
  }

  /** Sends the next notes. */
  async send(count: number, { cluster }: OpenCluster): Promise<void> {
    const codec = topicCodec(notes, ids);
    const records = Array.from({ length: count }, (_, at): OutputRecord => {
      const note = noteOf(this.sent + at);
      const key = Buffer.from(note.learner);
      return { topic: this.topic, partition: partitionOf(key, notes.partitions), key, value: codec.encode(note.learner, note), header: null };
    });
    await cluster.log.append(records);
    this.sent += count;
  }

  /** Everything in Redis is gone. */
  async flush(): Promise<void> {
    expect(await redisCommand(Number(new URL(this.servers.redis).port), ['FLUSHALL'])).toMatch(/^\+OK/);
  }

  /** Waits until the results are those of all that was sent and nothing waits; gives what differs when time is up. */
  async differencesAtRest({ cluster }: OpenCluster): Promise<string[]> {
    const tools = cluster.tools();
    for (const until = Date.now() + DEADLINE_MS; ; await sleep(500)) {
      const waiting = (await lagsOf(tools, undefined, this.name)).reduce((sum, { lag }) => sum + lag, 0);
      const different = waiting > 0 ? [`${waiting} wait`] : await this.differences(tools);
      if (different.length === 0 || Date.now() > until) return different;
    }
  }

  /** Every row, by task, store and key. */
  async rows({ cluster }: OpenCluster): Promise<ReadonlyMap<string, string>> {
    const tools = cluster.tools();
    const deployed = findDeployed(tools, tallying.name);
    const rows = new Map<string, string>();
    for (const task of taskNames(deployed.graph)) {
      for (const { name } of deployed.graph.stages.flatMap(({ stores }) => stores)) {
        for await (const { key, value } of tools.tasks.scan(task, name)) rows.set(`${task} ${name} ${key}`, value.toString('hex'));
      }
    }
    return new Map([...rows].sort());
  }

  /** The last count of each key against a plain one. */
  private async differences(tools: ToolAccess): Promise<string[]> {
    const expected = new Map<string, number>();
    for (let n = 0; n < this.sent; n++) for (const of of [noteOf(n).learner, noteOf(n).text]) expected.set(of, (expected.get(of) ?? 0) + 1);
    const found = new Map([...(await this.lastCounts(tools, tallies)), ...(await this.lastCounts(tools, texts))]);
    return [...new Set([...expected.keys(), ...found.keys()])].filter((key) => expected.get(key) !== found.get(key));
  }

  private async lastCounts(tools: ToolAccess, topic: typeof tallies): Promise<Map<string, number>> {
    const codec = topicCodec(topic as Topic<string, { readonly notes: number }>, ids);
    const counts = new Map<string, number>();
    for (let partition = 0; partition < topic.partitions; partition++) {
      for await (const { key, value, header } of tools.records(`${this.name}.${topic.name}`, partition, 0)) {
        if (!isMarker(header) && value !== null) counts.set(key!.toString(), codec.decode(key!.toString(), value).notes);
      }
    }
    return counts;
  }
}
