/** Old and new readers of a topic run side by side, with the ids of a real schema registry; and what happens when it is away, or says no. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SchemaRegistry as ForeignClient } from '@kafkajs/confluent-schema-registry';
import { describe, expect, it, type TestContext } from 'vitest';
import { openCluster, type Cluster } from '../../../runtime/cluster/index.js';
import { Worker } from '../../../runtime/engine/worker.js';
import { openBroker } from '../../../runtime/kafka/index.js';
import type { SchemaRegistry } from '../../../runtime/ports.js';
import { openRedis } from '../../../runtime/redis/index.js';
import type { Topology } from '../../../operators/index.js';
import { LocalSchemaIds, topicCodec, topics, type DeadLetter, type Opened } from '../../../schemas/index.js';
import { markerIdOf } from '../../../runtime/engine/header.js';
import { runCli } from '../../scripts/commands/cliProcess.js';
import { newRegion } from '../cluster/replica.js';
import { SERVER_START_MS, sharedKafka, sharedRedis, sharedRegistry } from '../servers.js';
import { GRADE, gradeBytes, sums, type Grade, type GradeVersion } from './grades.js';
import { gateOf } from './gate.js';
import { newFolder } from '../../fixtures/folders.js';

const DEADLINE_MS = 120_000;
const noon = Date.UTC(2026, 0, 1, 12);

interface Setting {
  readonly region: string;
  readonly warnings: string[];
  /** A cluster of its own, as another process has. */
  readonly open: () => Promise<Cluster & { readonly schemas: SchemaRegistry }>;
}

async function setting(context: TestContext, url: string): Promise<Setting> {
  const [kafka, redis, region] = [await sharedKafka(context), await sharedRedis(context), newRegion()];
  const warnings: string[] = [];
  const open: Setting['open'] = async () => {
    const broker = await openBroker('confluent', { brokers: [kafka], markerIdOf: (header) => markerIdOf(header) ?? 'none', sessionTimeoutMs: 6_000 });
    const state = await openRedis({ url: redis, region });
    const registry = { url, onWarning: (line: string) => void warnings.push(line) };
    const cluster = await openCluster({ broker, state, region, replication: 1, registry });
    context.onTestFinished(async () => {
      for (const part of [cluster, broker, state]) await part.close();
    });
    return cluster as Cluster & { readonly schemas: SchemaRegistry };
  };
  return { region, warnings, open };
}

/** Runs a topology until the returned function is called. */
async function follow(cluster: Cluster, region: string, topology: Topology): Promise<() => Promise<void>> {
  const worker = new Worker([topology], cluster, { region, mode: 'follow' });
  await worker.start();
  const ended = worker.run();
  return async () => {
    worker.stop();
    await ended;
  };
}

const grade = (learner: string, nth: number, more: Partial<Grade> = {}): Grade => ({ learner, grade: nth, takenAtMs: noon + nth * 1000, ...more });

async function send(cluster: Cluster, region: string, values: readonly Buffer[]): Promise<void> {
  await cluster.log.append(values.map((value) => ({ topic: `${region}.grades`, partition: 0, key: Buffer.from('ada'), value, header: null })));
}

/** Registers a version of the grades as their producer does, and encodes with it. */
async function producer(cluster: Cluster & { readonly schemas: SchemaRegistry }, region: string, version: GradeVersion) {
  await cluster.schemas.register(`${region}.grades`, 'test.Grade', GRADE[version]);
  return (value: Grade): Buffer => gradeBytes(version, cluster.schemas, value);
}

async function valuesIn(cluster: Cluster, topic: string): Promise<Buffer[]> {
  const values: Buffer[] = [];
  for await (const { value } of cluster.records(topic, 0)) if (value !== null) values.push(value);
  return values;
}

/** Looks until there are so many. */
async function atLeast(count: number, look: () => Promise<Buffer[]>): Promise<Buffer[]> {
  for (const until = Date.now() + DEADLINE_MS; ; await sleep(300)) {
    const values = await look();
    if (values.length >= count || Date.now() > until) return values;
  }
}

describe('schemas in a registry', { timeout: SERVER_START_MS + 3 * DEADLINE_MS }, () => {
  it('are read by old and new workers side by side, and by others', async (context) => {
    const url = await sharedRegistry(context);
    const { region, open } = await setting(context, url);
    const [older, newer] = [await open(), await open()];
    const ends = [await follow(older, region, sums('sums-old', 'old')), await follow(newer, region, sums('sums-new', 'added'))];
    const oldProducer = await producer(older, region, 'old');
    const newProducer = await producer(newer, region, 'added');
    const sent = Array.from({ length: 20 }, (_, nth) =>
      nth % 2 === 0 ? oldProducer(grade('ada', nth)) : newProducer(grade('ada', nth, { course: 'a' })),
    );
    expect(new Set(sent.map((bytes) => bytes.readUInt32BE(1))).size).toBe(2);
    await send(older, region, sent);
    // The client of others decodes by the id in the record alone.
    const foreign = new ForeignClient({ host: url });
    for (const name of ['sums-old', 'sums-new']) {
      const results = await atLeast(sent.length, () => valuesIn(older, `${region}.${name}`));
      const decoded = (await Promise.all(results.map((bytes) => foreign.decode(bytes)))) as { total: number; grades: number }[];
      expect(decoded.map(({ total }) => total)).toEqual(sent.map((_, nth) => (nth * (nth + 1)) / 2));
      expect(decoded.at(-1)).toEqual({ learner: 'ada', total: 190, grades: 20 });
    }
    await Promise.all(ends.map((end) => end()));
  });

  it('are refused with the offending field, and nothing runs', async (context) => {
    const { region, open } = await setting(context, await sharedRegistry(context));
    const cluster = await open();
    await producer(cluster, region, 'old');
    const error = await cluster.schemas.register(`${region}.grades`, 'test.Grade', GRADE.changed).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'SFS_SCHEMA_REFUSED' });
    expect((error as Error).message).toMatch(new RegExp(`${region}\\.grades-value, field grade: .*double cannot be read as string`));
  });

  it('are refused by the plan of a topology', async (context) => {
    const url = await sharedRegistry(context);
    const [kafka, redis, region] = [await sharedKafka(context), await sharedRedis(context), newRegion()];
    const older = { type: 'record', name: 'LearnerFeatures', namespace: 'eu.skillforge', fields: [{ name: 'learner', type: 'int' }] };
    await new ForeignClient({ host: url }).register(older as never, { subject: `${region}.learner-features-value` });
    const plan = ['topology', 'plan', 'learner-engagement', '--region', region, '--registry', url];
    const planned = await runCli([...plan, '--kafka', kafka, '--redis', redis]);
    expect(planned.code, planned.stderr).toBe(1);
    expect(planned.stdout).toMatch(/refused/);
    expect(planned.stdout).toContain(
      `! SFS_SCHEMA_REFUSED: ${region}.learner-features-value, field learner: what was written cannot be read: type changed`,
    );
    const unchanged = await runCli([...plan, '--region', newRegion(), '--data', newFolder()]);
    expect(unchanged.code, unchanged.stdout + unchanged.stderr).toBe(0);
  });

  it('that are known need no registry; what is unknown waits for it; what it does not know is a dead letter', async (context) => {
    const registry = await sharedRegistry(context);
    const gate = await gateOf(registry);
    context.onTestFinished(() => gate.close());
    const { region, open, warnings } = await setting(context, gate.url);
    const first = await open();
    const oldProducer = await producer(first, region, 'old');
    const endFirst = await follow(first, region, sums('sums', 'old'));
    await send(first, region, [oldProducer(grade('ada', 1))]);
    expect(await atLeast(1, () => valuesIn(first, `${region}.sums`))).toHaveLength(1);
    await endFirst();

    const elsewhere = new ForeignClient({ host: registry });
    const { id } = await elsewhere.register(GRADE.added as never, { subject: `${region}.elsewhere-value` });
    const foreign = await elsewhere.encode(id, grade('ada', 3, { course: 'b' }));
    await gate.shut();
    const again = await open();
    const endAgain = await follow(again, region, sums('sums', 'old'));
    expect(warnings.join('\n')).toContain('going on with the id');
    await send(again, region, [oldProducer(grade('ada', 2)), foreign, oldProducer(grade('ada', 4))]);
    expect(await atLeast(2, () => valuesIn(again, `${region}.sums`))).toHaveLength(2);
    for (const until = Date.now() + DEADLINE_MS; !warnings.some((line) => line.includes(`schema ${id} wait`)) && Date.now() < until;)
      await sleep(200);
    expect(warnings.filter((line) => line.includes(`records of schema ${id} wait`))).toHaveLength(1);
    expect(await valuesIn(again, `${region}.sums`)).toHaveLength(2);

    await gate.open();
    const unknown = Buffer.from(foreign);
    unknown.writeUInt32BE(123_456_789, 1);
    await send(again, region, [unknown, oldProducer(grade('ada', 5))]);
    const results = await atLeast(5, () => valuesIn(again, `${region}.sums`));
    expect(await elsewhere.decode(results.at(-1)!)).toEqual({ learner: 'ada', total: 15, grades: 5 });
    const letters = topicCodec(topics.deadLetters, again.schemas ?? new LocalSchemaIds());
    const found: Opened<DeadLetter>[] = [];
    for (let partition = 0; partition < topics.deadLetters.partitions; partition++) {
      for await (const { key, value } of again.records(`${region}.dead-letters`, partition))
        if (value !== null) found.push(letters.decode(String(key), value));
    }
    expect(found.map(({ code }) => code)).toEqual(['SFS_SCHEMA_UNKNOWN']);
    await endAgain();
  });
});
