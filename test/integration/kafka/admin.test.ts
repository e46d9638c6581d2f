import { describe, expect, it } from 'vitest';
import type { TopicSpec } from '../../../runtime/ports.js';
import { codeOf, DEADLINE_MS, drivers, numbered, openFor, unique, until, write } from './fixtures.js';
import { brokerOfEachTest } from './brokerOfEachTest.js';

describe.each(drivers)('topics through %s', { timeout: 3 * DEADLINE_MS }, (driver) => {
  const kafka = brokerOfEachTest(driver);

  it('are created as declared, once, and refused where they differ', async () => {
    const admin = await kafka.broker.admin();
    const specs: TopicSpec[] = [
      { name: unique('kept'), partitions: 3, cleanup: 'delete', retentionMs: null },
      { name: unique('timed'), partitions: 1, cleanup: 'delete', retentionMs: 86_400_000 },
      { name: unique('compacted'), partitions: 2, cleanup: 'compact', retentionMs: null },
    ];
    await admin.createTopics(specs, 1);
    await admin.createTopics(specs, 1);
    const found = (await admin.topics()).filter(({ name }) => specs.some((spec) => spec.name === name));
    expect(found.sort((a, b) => a.name.localeCompare(b.name))).toEqual([...specs].sort((a, b) => a.name.localeCompare(b.name)));
    for (const change of [{ partitions: 4 }, { retentionMs: 1_000 }, { cleanup: 'compact' as const }]) {
      expect(await codeOf(admin.createTopics([{ ...specs[0]!, ...change }], 1))).toBe('SFS_TOPIC_MISMATCH');
    }
    await admin.deleteTopics([...specs.map(({ name }) => name), unique('missing')]);
    const left = async () => (await admin.topics()).filter(({ name }) => specs.some((spec) => spec.name === name));
    // Brokers hear of a deletion a moment after it.
    await until('the deletion', async () => (await left()).length === 0);
    expect(await left()).toEqual([]);
  });

  it('have a range for each partition', async () => {
    const admin = await kafka.broker.admin();
    const name = unique('ranges');
    await admin.createTopics([{ name, partitions: 3, cleanup: 'delete', retentionMs: null }], 1);
    await write(kafka.broker, [...numbered(name, 0, 0, 3), ...numbered(name, 2, 0, 1)]);
    expect(await admin.ranges(name)).toEqual([
      { start: 0, end: 3 },
      { start: 0, end: 0 },
      { start: 0, end: 1 },
    ]);
    expect(await codeOf(admin.ranges(unique('missing')))).toBe('SFS_TOPIC_UNKNOWN');
  });

  it('cannot be written by kafkajs without the flag, and with it a warning is given', async () => {
    const warnings: string[] = [];
    const careful = await openFor(driver, '127.0.0.1:1', { allowUnsafeProducer: false, requestTimeoutMs: 1_000 });
    const refusal = await codeOf(careful.producer({ transactionalId: null }));
    const warned = await openFor(driver, '127.0.0.1:1', { requestTimeoutMs: 1_000, onWarning: (warning) => warnings.push(warning) });
    await codeOf(warned.producer({ transactionalId: null }));
    expect(refusal).toBe(driver === 'kafkajs' ? 'SFS_PRODUCER_UNSAFE' : 'SFS_BROKER_UNAVAILABLE');
    expect(warnings).toHaveLength(driver === 'kafkajs' ? 1 : 0);
  });
});
