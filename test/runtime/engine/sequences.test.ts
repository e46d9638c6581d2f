/** The same input gives the same records the same sequence numbers, wherever its commits are cut and however often the process dies. */
import fc from 'fast-check';
import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { aggregate, count, keyBy, to, topicSchema, topology, tumbling, withValue } from '../../../operators/index.js';
import { readHeader, readOrigin } from '../../../runtime/engine/header.js';
import { CrashingStorage, crashesAtPowersOfTwo, noCrashes } from '../../../runtime/testing/crashingStorage.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import { topic } from '../../../schemas/index.js';
import { asJson, event, events as allEvents, results, timed, toAsides, type Event } from '../../operators/pipelines.js';
import { record, run } from './running.js';

const schema = topicSchema(allEvents);
const events = topic({ name: 'events', schema, keyFields: ['key'], partitions: 2 });
const derived = topic({ name: 'derived', schema, keyFields: ['key'], partitions: 2, derived: true });

const failing = map((one: { key: string; value: Event; timestamp: number }) => {
  if (one.value.tag === 'bad') throw new Error('not this one');
  return one;
});
/** Two phases; what is sent in the first is undone where the second branch throws, and windows close over several commits. */
const phases = topology('phases', { version: 1 }, ({ source }) => {
  const all = source(events, { ...timed, latenessMs: 5 });
  all.pipe(to(derived));
  toAsides(all.pipe(failing, aggregate('seen', { n: count() })));
  const windows = all.pipe(
    keyBy('by-tag', { key: ({ tag }) => tag, value: topicSchema(allEvents) }),
    tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }),
    map((one) => withValue(one, one.value.value)),
  );
  all.pipe(asJson(), to(results, 'each'));
  windows.pipe(asJson(), to(results, 'windows'));
});

/** The records of each producer in each partition: sequence number, key, value, times, and which output of its input each is. */
function sequencesIn({ log }: MemoryStorage): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const places = log.topics().flatMap(({ name, partitions }) => [...Array(partitions).keys()].map((partition) => [name, partition] as const));
  for (const [name, partition] of places) {
    for (const { key, value, header } of log.read(name, partition, 0, Infinity)) {
      const read = readHeader(header);
      if (read === null || read.sequence === 0) continue;
      const { producer, sequence, eventTimeMs, streamTimeMs, watermarkMs } = read;
      const place = `${name}/${partition} by ${producer.name}#${producer.partition}`;
      const times = [eventTimeMs, streamTimeMs, watermarkMs].join(' ');
      const line = `${sequence} ${key?.toString()} ${value?.toString('latin1')} ${times} ${readOrigin(header)!.index}`;
      found.set(place, [...(found.get(place) ?? []), line]);
    }
  }
  return found;
}

type Sent = readonly { readonly partition: number; readonly atMs: number; readonly tag: string }[];

async function sequencesOf(sent: Sent, maxRecords: number, dies: boolean): Promise<Map<string, string[]>> {
  const storage = memoryStorage({ now: () => 0 });
  const crashing = new CrashingStorage(storage, dies ? crashesAtPowersOfTwo : noCrashes, dies ? 1 : Infinity);
  storage.log.ensureTopic({ name: 'test.events', partitions: 2, cleanup: 'delete', retentionMs: null });
  await storage.log.append(sent.map(({ partition, atMs, tag }, n) => record(events, event(`k${partition}`, atMs, { tag, n }), partition)));
  for (;;) {
    try {
      await run(crashing, phases, { mode: 'end-of-input', limits: { maxRecords, markerMs: 10 } });
      return sequencesIn(storage);
    } catch (error) {
      if (!crashing.isPlanned(error)) throw error;
    }
  }
}

describe('the sequence numbers of what a task sends', () => {
  const sent = fc.array(fc.record({ partition: fc.constantFrom(0, 1), atMs: fc.nat(80), tag: fc.constantFrom('a', 'b', 'c', 'bad') }), {
    maxLength: 40,
  });

  it('do not depend on how commits are cut, and have no gap', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(sent, async (records) => {
        const whole = await sequencesOf(records, 5_000, false);
        for (const lines of whole.values()) expect(lines.map((line) => parseInt(line, 10))).toEqual(lines.map((_, n) => n + 1));
        for (const maxRecords of [1, 3]) expect(await sequencesOf(records, maxRecords, false)).toEqual(whole);
        expect(await sequencesOf(records, 2, true)).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });
});
