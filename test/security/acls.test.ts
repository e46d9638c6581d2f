/** Least privilege on the real servers: what each user needs works, and nothing else does. */
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RecommendationClient, isReadByView } from '../../reader/index.js';
import { followTopics, openCluster } from '../../runtime/cluster/index.js';
import { openClusterWriter } from '../../runtime/cluster/clusterWriter.js';
import { Worker } from '../../runtime/engine/worker.js';
import { partitionOf } from '../../schemas/partitioner.js';
import { countRegionKeys, makeRegionRing } from '../../runtime/keys/regionKeys.js';
import { RedisRing } from '../../runtime/keys/redisRing.js';
import type { Broker } from '../../runtime/kafka/broker.js';
import type { OutputRecord } from '../../runtime/ports.js';
import { LocalSchemaIds, errorCodeOf, errorMessageOf, topicCodec, topics, type Topic } from '../../schemas/index.js';
import { describe as graphOf } from '../../operators/graph.js';
import { kafkaArguments, kafkaRules, kafkaScript, type WorkerGroup } from '../../scripts/deploy/kafkaRules.js';
import { redisAclFile, redisUsers } from '../../scripts/deploy/redisRules.js';
import { loadOwnTopology, ownTopologyFiles } from '../../scripts/topologyFiles.js';
import { learnerSource } from '../../scripts/serving/learnerSource.js';
import { operationSource } from '../../scripts/serving/operationSource.js';
import { gatewayTopics } from '../../scripts/gateway/writerLog.js';
import { kafkaEventLog } from '../../scripts/serving/eventWriter.js';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import curricula from '../../topologies/curricula.js';
import { readAll, until } from '../integration/kafka/fixtures.js';
import { SERVER_START_MS, needDriver } from '../integration/servers.js';
import { catalogueItem } from '../reader/shelves.js';
import { at, click } from '../topologies/clicks.js';
import { AclServers, REGION } from './aclServers.js';
import { newFolder } from '../fixtures/folders.js';
import { feedbackOf } from '../reader/numberedLogs.js';

const ids = LocalSchemaIds.withAccepted();
const OTHERS_KEY = `skillforge:{${REGION}/learner-activity@1/0/0}:meta`;

let servers: AclServers | null = null;
let missing = '';

beforeAll(async () => {
  try {
    servers = await AclServers.start();
  } catch (error) {
    if (errorCodeOf(error) !== 'SFS_SERVICE_MISSING') throw error;
    missing = errorMessageOf(error);
  }
}, SERVER_START_MS);
afterAll(() => servers?.close(), SERVER_START_MS);
beforeEach((context) => context.skip(servers === null, missing));

function recordOf<V>(topic: Topic<string, V>, key: string, value: V, name = topic.name): OutputRecord {
  const bytes = Buffer.from(key);
  const partition = partitionOf(bytes, topic.partitions);
  return { topic: `${REGION}.${name}`, partition, key: bytes, value: topicCodec(topic, ids).encode(key, value), header: null };
}

/** Makes topics, and writes without a transaction. */
async function write(broker: Broker, topic: Topic<string, unknown>, ...records: readonly OutputRecord[]): Promise<void> {
  const { partitions, cleanup, retentionMs } = topic;
  const admin = await broker.admin();
  await admin.createTopics([{ name: `${REGION}.${topic.name}`, partitions, cleanup, retentionMs }], 1);
  await admin.close();
  const producer = await broker.producer({ transactionalId: null });
  await producer.send(records).finally(() => producer.close());
}

/** What a client makes of a refusal: of a topic that it may not see it cannot say that it is there, or it asks for its leader until time is up. */
const REFUSALS = ['SFS_BROKER_REFUSED', 'SFS_BROKER_FAILED', 'SFS_BROKER_UNAVAILABLE', 'SFS_TOPIC_UNKNOWN'];

async function expectRefused(work: () => Promise<unknown>): Promise<void> {
  expect(REFUSALS).toContain(await work().then(() => 'nothing', errorCodeOf));
}

/** How many records a topic has, as the operator sees it. */
async function recordsIn(topic: Topic<string, unknown>): Promise<number> {
  const admin = await (await servers!.brokerOf('operator')).admin();
  const ranges = await admin.ranges(`${REGION}.${topic.name}`);
  await admin.close();
  return ranges.reduce((sum, { end }) => sum + end, 0);
}

/** Writes into a topic that is there, without asking whether it is. */
async function forced(broker: Broker, record: OutputRecord, transactionalId: string | null = null): Promise<void> {
  const producer = await broker.producer({ transactionalId });
  const sent = transactionalId === null ? producer.send([record]) : producer.transact([record], []);
  await sent.finally(() => producer.close());
}

const item = { ...catalogueItem('item-1'), region: REGION };
const itemRecord = recordOf(topics.catalogue as Topic<string, unknown>, 'item-1', item);

describe('users with the rules of deploy acls', { timeout: SERVER_START_MS }, () => {
  beforeEach((context) => needDriver('confluent', context));

  it('let the gateway write events in transactions, and read none', async () => {
    const broker = await servers!.brokerOf('gateway');
    const admin = await broker.admin();
    await admin.createTopics(gatewayTopics(REGION), 1);
    const writer = await openClusterWriter({ broker, admin, region: REGION, replication: 1 }, 'gateway/one', []);
    const event = { ...click('ada', at(0)), region: REGION };
    await writer.commit([recordOf(topics.clicks, 'ada', event)], Buffer.from('1'));
    await writer.close();
    await expectRefused(() => readAll(broker, `${REGION}.clicks`));
    await expectRefused(() => forced(broker, itemRecord));
    await admin.close();
  });

  it('let a user of its own have the register of homes, and nothing of the region, and no other user have it', async () => {
    const homes = await servers!.homesOf('homes');
    const [mark, owner] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)];
    const entryIn = (region: string): Buffer => Buffer.concat([owner, Buffer.from(region)]);
    const batch = { gateway: 'g', batch: 'b', lastsMs: 60_000 };
    expect(await homes.keyCheck('check')).toBe('check');
    expect(await homes.begin({ ...batch, region: REGION }, [mark])).toEqual([null]);
    await homes.extend(batch);
    expect(await homes.underWay(mark, REGION)).toEqual([{ gateway: 'g', batch: 'b', isOverdue: false }]);
    expect(await homes.settle(REGION, [{ mark, entry: entryIn(REGION) }])).toEqual([entryIn(REGION)]);
    expect([await homes.move(mark, REGION, entryIn('eu-north')), await homes.entries([mark])]).toEqual([true, [entryIn('eu-north')]]);
    expect([await homes.ofOwner(owner), await homes.forget(mark, entryIn('eu-north'))]).toEqual([[{ mark, entry: entryIn('eu-north') }], true]);
    await homes.end('g', null);
    expect(await servers!.answer('homes', 'HGET', `skillforge:{${REGION}}:documents`, 'keys/ring')).toContain('-NOPERM');
    for (const role of ['gateway', 'operator', 'reader', 'worker.curricula'])
      expect(await servers!.answer(role, 'HGET', 'skillforge:{/homes}:entries', 'x')).toContain('-NOPERM');
  });

  it('let a reader write events of its clients in transactions, and nothing under the name of a gateway', async () => {
    const broker = await servers!.brokerOf('reader-events');
    const log = await kafkaEventLog(broker, REGION, { replication: 1 }).open('one');
    await log.append(1, [feedbackOf('e1')]);
    await log.close();
    await expectRefused(() => readAll(broker, `${REGION}.feedback`));
    await expectRefused(() => forced(broker, itemRecord));
    const mark: OutputRecord = { topic: `${REGION}.feedback`, partition: 0, key: Buffer.from('mark'), value: null, header: null };
    await expectRefused(() => forced(broker, mark, `skillforge.${REGION}.writer.gateway/one`));
  });

  it('let a worker run its topology to the end, and its state be its own', async () => {
    await write(await servers!.brokerOf('operator'), topics.catalogue, itemRecord);
    const broker = await servers!.brokerOf('worker.curricula');
    const state = await servers!.stateOf('worker.curricula');
    const cluster = await openCluster({ broker, state, region: REGION, replication: 1 });
    const worker = new Worker([curricula], cluster, { region: REGION, mode: 'follow' });
    await worker.start();
    const running = worker.run();
    try {
      const partition = partitionOf(Buffer.from(String((item as { course?: string }).course)), topics.curricula.partitions);
      const reading = await servers!.brokerOf('operator');
      await until('the curriculum', async () => (await readAll(reading, `${REGION}.curricula`, partition)).some(({ key }) => key !== null));
    } finally {
      worker.stop();
      await running;
      await cluster.close();
    }
    expect(await (await servers!.stateOf('operator')).tasks()).toContain('curricula@1/1/0');
  });

  it('keep a worker from the topics, groups, transactions and state of another topology', async () => {
    const broker = await servers!.brokerOf('worker.curricula');
    const others = recordOf(topics.clicks, 'ada', { ...click('ada', at(1)), region: REGION });
    const before = await recordsIn(topics.clicks);
    await expectRefused(() => forced(broker, others));
    expect(await recordsIn(topics.clicks as Topic<string, unknown>)).toBe(before);
    await expectRefused(() => readAll(broker, `${REGION}.clicks`));
    const mark: OutputRecord = { topic: `${REGION}.curricula`, partition: 0, key: Buffer.from('mark'), value: null, header: null };
    for (const id of [`skillforge.${REGION}.task.learner-activity.x`, `skillforge.${REGION}.writer.gateway/one`])
      await expectRefused(() => forced(broker, mark, id));
    expect(await servers!.answer('worker.curricula', 'HSET', OTHERS_KEY, 'token', 'stolen')).toContain('-NOPERM');
    expect(await servers!.answer('worker.curricula', 'HGET', OTHERS_KEY, 'token')).toContain('-NOPERM');
    expect(await servers!.answer('worker.curricula', 'EVAL', '"redis.call(\'DEL\', KEYS[1])"', '1', OTHERS_KEY)).toContain('-NOPERM');
    // Keys that a script does not declare are looked at, too.
    expect(await servers!.answer('worker.curricula', 'EVAL', `"return redis.call('DEL', '${OTHERS_KEY}')"`, '0')).toMatch(/NOPERM|can't access/);
    const refused = `skillforge:{${REGION}}:refused`;
    for (const user of ['worker.curricula', 'gateway']) {
      expect(await servers!.answer(user, 'HGET', refused, 'version')).not.toContain('-NOPERM');
      expect(await servers!.answer(user, 'HSET', refused, 'version', 'other')).toContain('-NOPERM');
      expect(await servers!.answer(user, 'SET', `skillforge:{${REGION}}:refused-by:one`, 'x')).toContain('+OK');
    }
    for (const command of [['FLUSHALL'], ['KEYS', '*'], ['CONFIG', 'GET', '*'], ['ACL', 'LIST']])
      expect(await servers!.answer('worker.curricula', ...command)).toContain('-NOPERM');
    expect(await servers!.answer('worker.learner-activity', 'HSET', OTHERS_KEY, 'token', 'own')).toContain(':1');
  });

  it('let a reader follow what it serves, and write nothing', async () => {
    const { recommendations } = topics;
    const made = { madeAtMs: 0, validUntilMs: 1, modelVersion: 'x', topologyVersion: 1, variant: '' };
    const list = recordOf(recommendations as Topic<string, unknown>, 'ada', { learner: 'ada', region: REGION, ...made, personal: { courses: [] } });
    await write(await servers!.brokerOf('operator'), recommendations, list);
    const broker = await servers!.brokerOf('reader');
    const log = await followTopics({ broker, region: REGION, isFollowed: isReadByView });
    try {
      const client = await RecommendationClient.open({ log, region: REGION, store: { folder: newFolder() } });
      await client.caughtUp();
      expect(client.status()).toMatchObject({ ready: true, trouble: null });
      await client.close();
    } finally {
      await log.close();
    }
    const before = await recordsIn(recommendations);
    for (const record of [list, itemRecord]) await expectRefused(() => forced(broker, record));
    expect(await recordsIn(recommendations as Topic<string, unknown>)).toBe(before);
    await expectRefused(() => readAll(broker, `${REGION}.clicks`));
    expect(await servers!.answer('reader', 'HSET', `skillforge:{${REGION}}:documents`, 'a', 'b')).toContain('-NOPERM');
    expect(await servers!.answer('reader', 'HGET', `skillforge:{${REGION}/curricula@1/1/0}:s:curriculum`, 'x')).toContain('-NOPERM');
    expect(await servers!.answer('reader', 'HKEYS', `skillforge:{${REGION}}:documents`)).not.toContain('-NOPERM');
  });

  it('let the reader of operators see what happens in all topics and how far tasks are, and write nothing', async () => {
    const place = { region: REGION, replication: 1 };
    const [broker, state] = [await servers!.brokerOf('reader-console'), await servers!.stateOf('reader-console')];
    const cluster = await openCluster({ broker, state, ...place });
    try {
      const tools = cluster.tools();
      const source = { ...operationSource(tools, { region: REGION }), ...learnerSource(tools, REGION) };
      expect(await source.overview()).toMatchObject({
        topologies: [{ id: 'curricula@1', lag: 0 }],
        topics: [{ name: 'catalogue' }, { name: 'curricula' }],
      });
      expect(await source.deadLetters()).toMatchObject({ total: 0 });
      const ada = { learner: 'ada', decisions: [{ modelVersion: 'x' }], logged: [] };
      expect(await source.decisions('ada')).toMatchObject(ada);
    } finally {
      await cluster.close();
    }
    const before = await recordsIn(topics.catalogue);
    await expectRefused(() => forced(broker, itemRecord));
    expect(await recordsIn(topics.catalogue as Topic<string, unknown>)).toBe(before);
    expect(await servers!.answer('reader-console', 'HSET', `skillforge:{${REGION}}:documents`, 'a', 'b')).toContain('-NOPERM');
  });

  it('let who seals make keys of learners, who opens read them, and nobody else', async () => {
    const placeOf = async (role: string) => {
      const { dataKeys, documents } = await servers!.stateOf(role);
      return { keys: dataKeys, documents };
    };
    await makeRegionRing(await placeOf('operator'), { file: join(newFolder(), 'kek.json') }, Date.now());
    for (const role of ['worker.curricula', 'gateway', 'reader-events']) {
      const ring = (await RedisRing.open(await placeOf(role)))!;
      await ring.prepare({ sealing: [`met-by-${role}`] });
      expect(ring.sealing(`met-by-${role}`).id).not.toBe('');
    }
    for (const role of ['reader', 'trainer']) {
      const ring = (await RedisRing.open(await placeOf(role)))!;
      await ring.prepare({ known: ['met-by-gateway'] });
      const { id } = ring.known('met-by-gateway')!;
      await expect(ring.prepare({ sealing: ['met-by-nobody'] })).rejects.toMatchObject({ code: 'SFS_STATE_REFUSED' });
      for (const command of [['SET', 'x'], ['DEL']]) {
        const [name, ...rest] = command;
        expect(await servers!.answer(role, name!, `skillforge:{${REGION}/data-key/${id}}`, ...rest)).toContain('-NOPERM');
      }
    }
    expect(await servers!.answer('gateway', 'GET', OTHERS_KEY)).toContain('-NOPERM');
    expect(await servers!.answer('exporter', 'GET', `skillforge:{${REGION}/data-key/x}`)).toContain('-NOPERM');
    expect(await countRegionKeys(await placeOf('operator'))).toMatchObject({ keys: 3 });
  });

  it('let nobody in who is nobody', async () => {
    expect(await servers!.answer(null, 'HGET', OTHERS_KEY, 'token')).toContain('-NOAUTH');
  });
});

const groupsOf = async (names: readonly string[]): Promise<WorkerGroup[]> =>
  Promise.all(names.map(async (name) => ({ name, graphs: [graphOf(await loadOwnTopology(name))] })));

describe('skillforge deploy acls', () => {
  it.each(['eu-west', 'eu-central'])('writes what stands in deploy/acl/%s', async (region) => {
    const groups = await groupsOf(
      ownTopologyFiles()
        .map(({ name }) => name)
        .sort(),
    );
    const kept = (file: string): string => readFileSync(join(projectRoot, 'deploy', 'acl', region, file), 'utf8');
    expect(kafkaScript(region, kafkaRules(region, groups))).toBe(kept('kafka-acls.sh'));
    expect(redisAclFile(redisUsers(region, groups))).toBe(kept('users.acl'));
  });

  it('writes a script that calls the tool of Kafka with every rule', async () => {
    const folder = newFolder();
    const [tool, said] = [join(folder, 'kafka-acls'), join(folder, 'said')];
    writeFileSync(tool, `#!/bin/sh\nfor word in "$@"; do printf '%s\\n' "$word"; done >> '${said}'\nprintf '\\n' >> '${said}'\n`);
    chmodSync(tool, 0o700);
    const rules = kafkaRules(REGION, await groupsOf(['curricula', 'learner-activity']));
    const surroundings = { ...process.env, KAFKA_ACLS: tool, BOOTSTRAP: 'kafka:9092', COMMAND_CONFIG: 'admin.properties' };
    execFileSync('sh', ['-c', kafkaScript(REGION, rules)], { env: surroundings });
    const common = ['--bootstrap-server', 'kafka:9092', '--command-config', 'admin.properties'];
    expect(readFileSync(said, 'utf8')).toBe(rules.map((rule) => `${[...common, ...kafkaArguments(rule)].join('\n')}\n\n`).join(''));
  });
});
