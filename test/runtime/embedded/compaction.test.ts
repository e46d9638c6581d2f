import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openEmbedded, type EmbeddedOptions, type EmbeddedStorage } from '../../../runtime/embedded/index.js';
import type { LogRecord } from '../../../runtime/ports.js';
import { output, topicSpec } from '../../conformance/storage.js';
import { newFolder } from '../../fixtures/folders.js';

const TOPIC = 'eu.table';
const DELETE_RETENTION_MS = 100;
const SPEC = topicSpec({ name: TOPIC, partitions: 1, cleanup: 'compact' });

/** Steps of a run: append records (value `null` is a tombstone, key `null` a marker of a producer), let time pass, compact, reopen. */
type Step =
  | {
      readonly kind: 'append';
      readonly records: readonly { readonly key: string | null; readonly value: string | null; readonly header: string | null }[];
    }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'compact' }
  | { readonly kind: 'reopen' };

const record = fc.record({
  key: fc.option(fc.constantFrom('a', 'b', 'c', 'd', ''), { freq: 5 }),
  value: fc.option(fc.string({ maxLength: 30 }), { freq: 3 }),
  header: fc.option(fc.constantFrom('m1', 'm2', 'plain'), { freq: 2 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), records: fc.array(record, { minLength: 1, maxLength: 12 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 150 }) }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'compact' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
);

function markerIdOf(header: Buffer): string | null {
  return header.toString().startsWith('m') ? header.toString() : null;
}

function identityOf({ key, header }: Pick<LogRecord, 'key' | 'header'>): string | null {
  if (key !== null) return `key ${key.toString()}`;
  return header === null || markerIdOf(header) === null ? null : `marker ${header.toString()}`;
}

/** What must be left: of each identity the last record, less tombstones older than their retention. */
function compactedModel(records: readonly LogRecord[], nowMs: number): LogRecord[] {
  const last = new Map(records.map((entry) => [identityOf(entry), entry.offset]));
  return records.filter((entry) => {
    const identity = identityOf(entry);
    if (identity === null) return true;
    const isTombstone = entry.key !== null && entry.value === null;
    return last.get(identity) === entry.offset && !(isTombstone && nowMs - entry.appendTimeMs >= DELETE_RETENTION_MS);
  });
}

function plain({ offset, appendTimeMs, key, value, header }: LogRecord): unknown {
  return [offset, appendTimeMs, key?.toString() ?? null, value?.toString() ?? null, header?.toString() ?? null];
}

describe('compaction', () => {
  it('leaves what the model leaves, at the same offsets, whatever the passes, batches and restarts', { timeout: 60_000 }, async () => {
    const settings = fc.record({ maxKeysPerPass: fc.constantFrom(1, 2, 100), segmentBytes: fc.constantFrom(60, 300, 100_000) });
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), settings, runSteps), {
      numRuns: 60,
      interruptAfterTimeLimit: 20_000,
    });
  });

  async function runSteps(steps: readonly Step[], settings: EmbeddedOptions): Promise<void> {
    const folder = newFolder();
    let nowMs = 1000;
    const options = { ...settings, markerIdOf, deleteRetentionMs: DELETE_RETENTION_MS, upkeepIntervalMs: 0, clock: () => nowMs };
    let storage = await openEmbedded(folder, options);
    storage.log.ensureTopic(SPEC);
    let model: LogRecord[] = [];
    let end = 0;
    for (const each of steps) {
      if (each.kind === 'append') {
        await storage.log.append(
          each.records.map(({ key, value, header }) => output(key, value, { topic: TOPIC, header: header === null ? null : Buffer.from(header) })),
        );
        for (const { key, value, header } of each.records)
          model.push({ offset: end++, appendTimeMs: nowMs, key: bytes(key), value: bytes(value), header: bytes(header) });
      } else if (each.kind === 'compact') {
        await storage.compact(TOPIC);
        model = compactedModel(model, nowMs);
      } else if (each.kind === 'reopen') {
        await storage.close();
        storage = await openEmbedded(folder, options);
      } else nowMs += each.ms;
      expectSame(storage, model, end);
    }
    await storage.close();
  }

  function expectSame({ log }: EmbeddedStorage, model: readonly LogRecord[], end: number): void {
    expect(log.range(TOPIC, 0)).toEqual({ start: 0, end });
    expect(log.read(TOPIC, 0, 0, 1000).map(plain)).toEqual(model.map(plain));
    for (const from of [0, Math.floor(end / 3), Math.floor(end / 2), end]) {
      const expected = model.filter(({ offset }) => offset >= from).slice(0, 2);
      expect(log.read(TOPIC, 0, from, 2).map(plain)).toEqual(expected.map(plain));
    }
  }

  it('starts by itself once more than half of a partition is new, and lets commits pass', { timeout: 20_000 }, async () => {
    const storage = await openEmbedded(newFolder(), { upkeepIntervalMs: 10, minDirtyRecords: 500, segmentBytes: 10_000 });
    storage.log.ensureTopic(SPEC);
    for (let n = 0; n < 20; n++)
      await storage.log.append(Array.from({ length: 500 }, (_, i) => output(`key ${i % 50}`, `value ${n * 500 + i}`, { topic: TOPIC })));
    for (let tries = 0; storage.log.read(TOPIC, 0, 0, 20_000).length > 2000; tries++) {
      expect(tries).toBeLessThan(200);
      await sleep(10);
    }
    const latest = new Map(storage.log.read(TOPIC, 0, 0, 20_000).map(({ key, value }) => [String(key), String(value)]));
    for (let i = 0; i < 50; i++) expect(latest.get(`key ${i}`)).toBe(`value ${9950 + i}`);
    await storage.close();
  });

  it('tells of a damaged batch once, goes on with other partitions, and does not rewrite it', async () => {
    const errors: unknown[] = [];
    const storage = await openEmbedded(newFolder(), { upkeepIntervalMs: 5, minDirtyRecords: 2, onUpkeepError: (error) => errors.push(error) });
    storage.log.ensureTopic({ ...SPEC, partitions: 2 });
    const { log } = storage['environment'].db;
    await log.put(Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Buffer.alloc(50, 1));
    storage['topics'].partition(TOPIC, 0).end = 5;
    await storage.log.append([1, 2, 3, 4].map((n) => output('k', String(n), { topic: TOPIC, partition: 1 })));
    for (let tries = 0; storage.log.read(TOPIC, 1, 0, 10).length > 1 && tries < 200; tries++) await sleep(10);
    expect(storage.log.read(TOPIC, 1, 0, 10).map(({ offset }) => offset)).toEqual([3]);
    expect(errors).toEqual([expect.objectContaining({ code: 'SFS_LOG_CORRUPT' })]);
    await storage.close();
  });

  it('hides nothing from a reader of another process that stands between two batches which it joins', async () => {
    const folder = newFolder();
    const storage = await openEmbedded(folder, { upkeepIntervalMs: 0 });
    storage.log.ensureTopic(SPEC);
    for (let n = 0; n < 4; n++) await storage.log.append([output(`a${n}`, 'x', { topic: TOPIC }), output(`b${n}`, 'x', { topic: TOPIC })]);
    const reader = await openEmbedded(folder, { readOnly: true });
    expect(reader.log.read(TOPIC, 0, 0, 2)).toHaveLength(2);
    await storage.compact(TOPIC);
    expect(reader.log.read(TOPIC, 0, 2, 10).map(({ offset }) => offset)).toEqual([2, 3, 4, 5, 6, 7]);
    await reader.close();
    await storage.close();
  });

  // Found by the property: a half-read batch was read on, and a record of it came twice.
  it('gives each record once to a reader that asks for more than is left of a batch before a gap', async () => {
    const storage = await openEmbedded(newFolder(), { upkeepIntervalMs: 0 });
    storage.log.ensureTopic(SPEC);
    await storage.log.append(['a', 'b', 'c', 'c'].map((key) => output(key, 'x', { topic: TOPIC })));
    await storage.compact(TOPIC);
    await storage.log.append([output('c', 'y', { topic: TOPIC })]);
    expect(storage.log.read(TOPIC, 0, 0, 1).map(({ offset }) => offset)).toEqual([0]);
    expect(storage.log.read(TOPIC, 0, 1, 9).map(({ offset }) => offset)).toEqual([1, 3, 4]);
    await storage.close();
  });

  it('does not join records that are further apart than a batch can count', async () => {
    const storage = await openEmbedded(newFolder(), { upkeepIntervalMs: 0 });
    storage.log.ensureTopic(SPEC);
    await storage.log.append([output('a', '1', { topic: TOPIC })]);
    const partition = storage['topics'].partition(TOPIC, 0);
    partition.end = 2 ** 40;
    await storage.log.append([output('b', '2', { topic: TOPIC })]);
    await storage.compact(TOPIC);
    expect(storage.log.read(TOPIC, 0, 0, 10).map(({ offset, value }) => [offset, String(value)])).toEqual([
      [0, '1'],
      [2 ** 40, '2'],
    ]);
    await storage.close();
  });

  it('is refused for a topic that is kept by time', async () => {
    const storage = await openEmbedded(newFolder());
    storage.log.ensureTopic(topicSpec());
    await expect(storage.compact('eu.events')).rejects.toMatchObject({ code: 'SFS_TOPIC_NOT_COMPACTED' });
    await storage.close();
  });

  it('ends early, without harm, when the storage closes', async () => {
    const folder = newFolder();
    const storage = await openEmbedded(folder, { upkeepIntervalMs: 0, segmentBytes: 1000 });
    storage.log.ensureTopic(SPEC);
    await storage.log.append(Array.from({ length: 30_000 }, (_, i) => output(`key ${i % 9}`, 'x'.repeat(200), { topic: TOPIC })));
    const compaction = storage.compact(TOPIC);
    await sleep(5);
    await storage.close();
    await compaction;
    const again = await openEmbedded(folder);
    expect(new Set(again.log.read(TOPIC, 0, 0, 30_000).map(({ key }) => String(key))).size).toBe(9);
    await again.close();
  });
});

function bytes(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text);
}
