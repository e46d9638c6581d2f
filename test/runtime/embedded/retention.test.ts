import { describe, expect, it } from 'vitest';
import { openEmbedded } from '../../../runtime/embedded/index.js';
import { output, topicSpec } from '../../conformance/storage.js';
import { newFolder } from '../../fixtures/folders.js';

const HOUR = 3_600_000;

describe('retention of a topic that is kept by time', () => {
  it('removes whole batches whose last record is too old, and moves the start up', async () => {
    let nowMs = 0;
    const folder = newFolder();
    const options = { clock: () => nowMs, upkeepIntervalMs: 0 };
    let storage = await openEmbedded(folder, options);
    storage.log.ensureTopic(topicSpec({ retentionMs: 2 * HOUR }));
    storage.log.ensureTopic(topicSpec({ name: 'eu.kept' }));
    for (let hour = 0; hour < 5; hour++) {
      nowMs = hour * HOUR;
      await storage.log.append([output('a', `${hour}`), output('b', `${hour}`), output('a', `${hour}`, { topic: 'eu.kept' })]);
    }
    await storage.applyRetention(nowMs);
    expect(storage.log.range('eu.events', 0)).toEqual({ start: 4, end: 10 });
    expect(storage.log.range('eu.kept', 0)).toEqual({ start: 0, end: 5 });
    expect(() => storage.log.read('eu.events', 0, 3, 1)).toThrow(expect.objectContaining({ code: 'SFS_OFFSET_OUT_OF_RANGE' }));
    await storage.close();
    storage = await openEmbedded(folder, options);
    expect(storage.log.read('eu.events', 0, 4, 100).map(({ value }) => Number(value))).toEqual([2, 2, 3, 3, 4, 4]);
    await storage.applyRetention(nowMs + 10 * HOUR);
    expect(storage.log.range('eu.events', 0)).toEqual({ start: 10, end: 10 });
    await storage.log.append([output('a', 'next')]);
    expect(storage.log.read('eu.events', 0, 10, 1)[0]).toMatchObject({ offset: 10 });
    await storage.close();
  });

  it('happens at opening, also for more than one transaction takes', { timeout: 20_000 }, async () => {
    const folder = newFolder();
    let storage = await openEmbedded(folder, { clock: () => 0 });
    storage.log.ensureTopic(topicSpec({ retentionMs: HOUR }));
    for (let n = 0; n < 10; n++) await storage.log.append(Array.from({ length: 20 }, () => output('k', Buffer.alloc(100_000))));
    await storage.close();
    storage = await openEmbedded(folder, { clock: () => 5 * HOUR });
    await storage.applyRetention(0);
    expect(storage.log.range('eu.events', 0)).toEqual({ start: 200, end: 200 });
    await storage.close();
  });
});
