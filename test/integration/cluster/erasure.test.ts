/** Erasure on a real Kafka and a real Redis, while a worker runs: nothing readable is left, nothing comes back, everybody else goes on. */
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { openBroker } from '../../../runtime/kafka/openBroker.js';
import { LocalSchemaIds, topicCodec, topics } from '../../../schemas/index.js';
import { partitionOf } from '../../../schemas/partitioner.js';
import { SERVER_STEPS } from '../../../scripts/privacy/erasure/serverSteps.js';
import { isAsSigned } from '../../../scripts/privacy/erasure/signing.js';
import { sayInRegion } from '../../../scripts/privacy/consentAnew.js';
import { exportLearner, type ExportLine } from '../../../scripts/privacy/learnerExport.js';
import { isLong } from '../../fixtures/longForms.js';
import { HOUR_MS, at, click } from '../../topologies/clicks.js';
import { SERVER_START_MS, ownServices } from '../servers.js';
import { ErasableRegion } from './erasable.js';

const SLOW_MS = 600_000;

it(
  'erases a learner on servers step by step, killed in each, while a worker runs and events come late',
  { timeout: SERVER_START_MS + SLOW_MS },
  async (context) => {
    const services = await ownServices({ brokers: 1, redis: 'single', appendOnly: true }, context);
    const servers = { kafka: services.kafka!.bootstrapServers, redis: services.redis!.url };
    const [logDir, redisDir] = [join(services.folder, 'kafka-1', 'log'), join(dirname(services.redis!.servers[0]!.logFile), 'redis')];
    const made = await ErasableRegion.make(servers, { logDirs: [logDir], redisDirs: [redisDir] }, context);
    const { ada, bob } = made;
    const worker = await made.worker();
    let isRunning = true;
    context.onTestFinished(() => (isRunning ? worker.stop() : undefined));
    for (const learner of [ada, bob]) expect(await made.has(topics.learnerFeatures, learner, 4)).toBeGreaterThan(3);
    expect(await made.has(topics.cohortTrends, 'AAA-2024J', 1)).toBeGreaterThan(0);

    // All that is held, decoded, and nothing of anybody else.
    const lines: ExportLine[] = [];
    for await (const line of exportLearner(made.installation, ada)) lines.push(line);
    const told = lines.flatMap((line) => ('where' in line ? [`${line.store} ${line.where.split(/[/ ]/)[0]!.replace(`${made.region}.`, '')}`] : []));
    for (const place of ['kafka-log clicks', 'kafka-log learner-features', 'kafka-log recommendations', 'redis-state learner-engagement@1'])
      expect(told).toContain(place);
    expect(lines).toContainEqual(
      expect.objectContaining({
        where: expect.stringContaining('.clicks/') as string,
        value: expect.objectContaining({
          key: ada,
          value: expect.objectContaining({ personal: expect.objectContaining({ item: 'i2' }) as object }) as object,
        }) as object,
      }),
    );
    expect(JSON.stringify(lines)).not.toContain(bob);

    const before = await made.looked(ada);
    expect(Object.keys(before.readable)).toEqual(['kafka-log', 'redis-state', 'keys of Redis', 'files of Kafka', 'files of Redis']);

    // Killed before and after the work of each step; what a step is for is found until it has been done.
    const cleaned: Record<string, string[]> = {};
    const looks = ['data-key', 'redis-state', 'tombstones', 'redis-files'];
    let left = Object.keys(before.readable);
    for (const { name } of SERVER_STEPS) {
      for (const when of ['begun', 'worked']) {
        const killed = made.erase(ada, (step, reached) => {
          if (`${step} ${reached}` === `${name} ${when}`) throw new Error(`killed: ${name} ${when}`);
        });
        await expect(killed).rejects.toThrow(`killed: ${name} ${when}`);
      }
      if (name === 'refuse') await made.append(topics.clicks, [click(ada, at(2, HOUR_MS)), click(bob, at(2, HOUR_MS))]);
      if (!isLong('OPERATIONS') || !looks.includes(name)) continue;
      const now = Object.keys((await made.looked(ada)).readable);
      cleaned[name] = left.filter((store) => !now.includes(store));
      left = now;
    }
    if (isLong('OPERATIONS'))
      expect(cleaned).toEqual({
        'data-key': ['files of Kafka'],
        'redis-state': ['redis-state', 'keys of Redis'],
        tombstones: ['kafka-log'],
        'redis-files': ['files of Redis'],
      });
    const receipt = await made.erase(ada);
    expect(isAsSigned(receipt)).toBe(true);
    expect(JSON.stringify(receipt)).not.toContain(ada);
    expect(receipt.steps.map(({ step, attempts }) => [step, attempts])).toEqual(SERVER_STEPS.map(({ name }) => [name, 3]));
    // Done again after it was cut off, the step finds no key, and says that it went all the same.
    expect(receipt.steps.find(({ step }) => step === 'data-key')!.did).toEqual({ sealed: true, deleted: true, hadKey: true });
    expect(receipt.remaining.map(({ store }) => store)).toEqual(expect.arrayContaining(['identity-map', 'reader-view']));
    const remains = Object.fromEntries(receipt.topics!.map(({ topic, goneByMs }) => [topic.replace(`${made.region}.`, ''), goneByMs]));
    expect(remains['clicks']! - receipt.finishedAtMs).toBeGreaterThan(400 * 86_400_000);
    expect(remains['recommendations']! - receipt.finishedAtMs).toBe(3 * 86_400_000);

    // The others go on, and events that come late bring nobody back: neither one of ours, nor one that somebody else writes in clear.
    await made.tellTime(at(3));
    expect(await made.has(topics.learnerFeatures, bob, 6)).toBeGreaterThan(5);
    expect(await made.countOf(topics.clicks, ada)).toBe(0);
    const after = await made.looked(ada);
    expect(after.readable).toEqual({});
    expect(after.unlinkable).toBeGreaterThan(10);
    expect(Object.keys((await made.looked(bob)).readable)).toContain('redis-state');

    await inClear(made, servers.kafka);
    await expect.poll(() => worker.erased()).toBeGreaterThan(0);
    await made.tellTime(at(4));
    expect(await made.has(topics.learnerFeatures, bob, 7, 5_000)).toBeGreaterThan(5);
    const foreign = await made.looked(ada);
    expect(Object.keys(foreign.readable)).toEqual(['kafka-log', 'files of Kafka']);
    expect(foreign.readable['kafka-log']).toContain('.clicks/');

    // A consent that is given later begins anew.
    const place = { region: made.region, learner: ada as never, atMs: Date.now() + 1 };
    await expect(sayInRegion(made.opened, place, { restricted: true })).rejects.toMatchObject({ code: 'SFS_LEARNER_ERASED' });
    expect(await sayInRegion(made.opened, place, { consentProfiling: true })).toMatchObject({ profiled: true });
    await made.append(topics.clicks, [click(ada, at(5, HOUR_MS))]);
    await made.tellTime(at(6));
    expect(await made.has(topics.learnerFeatures, ada, 1)).toBeGreaterThan(0);
    await worker.stop();
    isRunning = false;
  },
);

/** An event of the learner that did not come through a gateway. */
async function inClear({ region, ada }: ErasableRegion, kafka: string): Promise<void> {
  const broker = await openBroker('confluent', { brokers: [kafka], markerIdOf: () => 'none', onWarning: () => undefined });
  const producer = await broker.producer({ transactionalId: null });
  const key = Buffer.from(ada);
  const value = topicCodec(topics.clicks, LocalSchemaIds.withAccepted()).encode(ada, { ...click(ada, at(3, HOUR_MS)), region });
  await producer.send([{ topic: `${region}.clicks`, partition: partitionOf(key, topics.clicks.partitions), key, value, header: null }]);
  await producer.close();
  await broker.close();
}
