/** A view over topics of a real Kafka, followed through either client. */
import kafkajs from 'kafkajs';
import { afterEach, describe, expect, it } from 'vitest';
import { RecommendationClient, isReadByShard, isReadByView, type ClientNotice, type RecommendationLog, type Shard } from '../../../reader/index.js';
import { followTopics } from '../../../runtime/cluster/index.js';
import type { Broker } from '../../../runtime/kafka/broker.js';
import type { OutputRecord } from '../../../runtime/ports.js';
import { MemoryStorage } from '../../../runtime/testing/memoryStorage.js';
import { topics } from '../../../schemas/index.js';
import { MADE_MS, Shelves, pointer, recommendation } from '../../reader/shelves.js';
import { brokerOfEachTest } from '../kafka/brokerOfEachTest.js';
import { DEADLINE_MS, drivers } from '../kafka/fixtures.js';
import { newRegion } from './replica.js';
import { newFolder } from '../../fixtures/folders.js';

const COURSE = 'AAA-2014J';
const SECOND = 'recommendations.v2';
/** More than a partition that nobody reads takes. */
const MANY = 2_500;

/** Writes lists into topics of a region. */
class Writer {
  private readonly shelves: Shelves;

  constructor(
    private readonly broker: Broker,
    private readonly region: string,
  ) {
    this.shelves = new Shelves(new MemoryStorage().log, region);
  }

  list(learner: string, item: string, name?: string): OutputRecord {
    return this.shelves.record(topics.recommendations, recommendation(learner, { [COURSE]: { next: [item] } }, { region: this.region }), name);
  }

  pointer(serve: string): OutputRecord {
    return this.shelves.record(topics.control, pointer(serve, { region: this.region }));
  }

  /** In one transaction. */
  async write(...records: readonly OutputRecord[]): Promise<void> {
    const admin = await this.broker.admin();
    await admin.createTopics(this.shelves.log.topics(), 1);
    await admin.close();
    const producer = await this.broker.producer({ transactionalId: `writer-${this.region}` });
    await producer.transact(records, []);
    await producer.close();
  }
}

async function aborted(address: string, { topic, partition, key, value }: OutputRecord): Promise<void> {
  const client = new kafkajs.Kafka({ brokers: [address], logLevel: kafkajs.logLevel.NOTHING });
  const producer = client.producer({ transactionalId: `aborted-${topic}`, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: [{ key, value, partition }] });
  await transaction.abort();
  await producer.disconnect();
}

/** What is to be closed before the broker is. */
const open: (() => Promise<void>)[] = [];

/** Opens a view over what is followed, for as long as the test runs or until it is closed. */
async function viewOf(broker: Broker, region: string, folder: string, shard?: Shard) {
  const isPartitionFollowed = shard && ((name: string, partition: number): boolean => isReadByShard(name, partition, shard));
  const log = await followTopics({ broker, region, isFollowed: isReadByView, ...(isPartitionFollowed && { isPartitionFollowed }) });
  let reads = 0;
  const counted: RecommendationLog = {
    topics: () => log.topics(),
    range: (topic, partition) => log.range(topic, partition),
    read: async (...place) => {
      const records = await log.read(...place);
      reads += records.length;
      return records;
    },
    identity: () => log.identity(),
    onAppend: (listener) => log.onAppend(listener),
  };
  const notices: ClientNotice[] = [];
  const onNotice = (notice: ClientNotice): void => void notices.push(notice);
  const client = await RecommendationClient.open({ log: counted, region, store: { folder }, now: () => MADE_MS, onNotice, ...(shard && { shard }) });
  const close = async (): Promise<void> => {
    await client.close();
    await log.close();
  };
  open.push(close);
  const shown = (learner: string): string | undefined => client.get(learner).items[0]?.item;
  return { client, notices, shown, reads: () => reads, close };
}

describe.each(drivers)('a view over Kafka, by %s', (driver) => {
  const kafka = brokerOfEachTest(driver);
  afterEach(async () => {
    for (const close of open.splice(0)) await close();
  }, DEADLINE_MS);
  const soon = { timeout: DEADLINE_MS };

  it(
    'has what was committed and no more, follows it and its pointers, and goes on after a restart',
    { timeout: 3 * DEADLINE_MS },
    async (context) => {
      context.skip(driver === 'kafkajs', 'open: through kafkajs a topic that is made while it reads is sometimes not found in time');
      const { broker, address } = kafka;
      const region = newRegion();
      const writer = new Writer(broker, region);
      const folder = newFolder();
      const many = Array.from({ length: MANY }, (_, at) => ({ ...writer.list(`l${at}`, `n${at}`), partition: 0 }));
      await writer.write(...many);
      await aborted(address, writer.list('ghost', 'never'));
      const first = await viewOf(broker, region, folder);
      await first.client.caughtUp();
      expect([first.shown('l0'), first.shown(`l${MANY - 1}`), first.reads()]).toEqual(['n0', `n${MANY - 1}`, MANY]);
      expect(first.client.learners('ghost', 1)).toEqual([]);
      expect(first.client.status()).toEqual({ ready: true, served: 'recommendations', lag: 0, trouble: null });
      await writer.write(writer.list('ada', 'later'));
      await expect.poll(() => first.shown('ada'), soon).toBe('later');
      // A version whose topic was made after the last look, and the pointer to it.
      await writer.write(writer.list('ada', 'second', SECOND), writer.pointer(SECOND));
      await expect.poll(() => first.shown('ada'), soon).toBe('second');
      await expect.poll(() => first.notices, soon).toEqual([{ kind: 'served', topic: SECOND }]);
      await first.close();

      await writer.write(writer.list('bob', 'meanwhile', SECOND));
      const second = await viewOf(broker, region, folder);
      expect(second.shown('ada')).toBe('second');
      await second.client.caughtUp();
      expect(second.shown('bob')).toBe('meanwhile');
      // What is new, and of each partition the last record: is it the same log?
      expect(second.reads()).toBeLessThan(10);
      expect(second.notices).toEqual([]);
    },
  );

  it('is shared by two, each of which reads its own partitions alone', { timeout: 3 * DEADLINE_MS }, async (context) => {
    context.skip(driver === 'kafkajs', 'the same through either client');
    const { broker } = kafka;
    const region = newRegion();
    const writer = new Writer(broker, region);
    const learners = Array.from({ length: 40 }, (_, at) => `learner-${at}`);
    await writer.write(...learners.map((learner) => writer.list(learner, `${learner}-item`)));
    const views = await Promise.all([0, 1].map((index) => viewOf(broker, region, newFolder(), { index, of: 2 })));
    await Promise.all(views.map(({ client }) => client.caughtUp()));
    const held = views.map(({ client }) => client.learners('', learners.length));
    expect(held.flat().sort()).toEqual([...learners].sort());
    expect(views.map(({ reads }) => reads())).toEqual(held.map(({ length }) => length));
    const [first] = held[1]!;
    await writer.write(writer.list(first!, 'later'));
    await expect.poll(() => views[1]!.shown(first!), soon).toBe('later');
  });
});
