import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../../schemas/partitioner.js';
import { localTools } from '../../../runtime/localTools.js';
import type { LocalStorage, Log, LogRecord, OutputRecord, ToolAccess } from '../../../runtime/ports.js';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { LatestRecords } from '../../../scripts/serving/latestRecords.js';
import { RecentRecords } from '../../../scripts/serving/recentRecords.js';

const TOPIC = 'eu-west.some';
const PARTITIONS = 3;

const record = (key: string, value: string | null): OutputRecord => ({
  topic: TOPIC,
  partition: partitionOf(Buffer.from(key), PARTITIONS),
  key: Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
  header: null,
});

/** As the engine's markers are: no key. */
const marker = (partition: number): OutputRecord => ({ topic: TOPIC, partition, key: null, value: null, header: Buffer.from('marker') });

function opened() {
  const storage = memoryStorage();
  const { log } = storage;
  const over = (other: Log): ToolAccess => localTools(Object.assign(Object.create(storage) as LocalStorage, { log: other }));
  log.ensureTopic({ name: TOPIC, partitions: PARTITIONS, cleanup: 'compact', retentionMs: null });
  let read = 0;
  const counting: Log = Object.assign(Object.create(log) as Log, {
    read: (topic: string, partition: number, from: number, most: number): LogRecord[] => {
      const records = log.read(topic, partition, from, most);
      read += records.length;
      return records;
    },
  });
  const latest = new LatestRecords(over(counting));
  const find = async (key: string): Promise<string | null> => (await latest.find(TOPIC, key))?.toString() ?? null;
  const takeRead = (): number => {
    const taken = read;
    read = 0;
    return taken;
  };
  return { log, latest, find, takeRead, tools: localTools(storage), over };
}

describe('the last record of a key', () => {
  it('is found among others, markers and older ones', async () => {
    const { log, find } = opened();
    await log.append([record('ada', '1'), record('ben', 'x'), record('ada', '2'), marker(0), marker(1), marker(2)]);
    expect([await find('ada'), await find('ben'), await find('nobody')]).toEqual(['2', 'x', null]);
  });

  it('is the newest one at every call, and none after a tombstone', async () => {
    const { log, find } = opened();
    expect(await find('ada')).toBeNull();
    await log.append([record('ada', '1')]);
    expect(await find('ada')).toBe('1');
    expect(await find('ada')).toBe('1');
    await log.append([record('ada', '2')]);
    expect(await find('ada')).toBe('2');
    await log.append([record('ada', null)]);
    expect(await find('ada')).toBeNull();
  });

  it('is found however far back it lies, once; later only what is new is read', async () => {
    const { log, find, takeRead } = opened();
    const { partition } = record('ada', null);
    await log.append([marker(partition), record('ada', 'far'), ...Array.from({ length: 3456 }, () => marker(partition))]);
    expect(await find('ada')).toBe('far');
    expect(takeRead()).toBeGreaterThanOrEqual(3457);
    await log.append([marker(partition), marker(partition)]);
    expect(await find('ada')).toBe('far');
    expect(takeRead()).toBe(2);
    expect(await find('ada')).toBe('far');
    expect(takeRead()).toBe(0);
  });

  it('is found from the end: records before it are not read', async () => {
    const { log, find, takeRead } = opened();
    const { partition } = record('ada', null);
    await log.append([...Array.from({ length: 5000 }, () => marker(partition)), record('ada', 'near')]);
    expect(await find('ada')).toBe('near');
    expect(takeRead()).toBeLessThanOrEqual(1000);
  });

  it('lets others work during a long search', async () => {
    const { log, find } = opened();
    await log.append(Array.from({ length: 20_000 }, () => marker(record('ada', null).partition)));
    let turns = 0;
    let searching = true;
    const count = (): void => {
      turns++;
      if (searching) setImmediate(count);
    };
    setImmediate(count);
    await find('ada');
    searching = false;
    expect(turns).toBeGreaterThanOrEqual(15);
  });

  it('is found for many at once, more than are remembered', async () => {
    const { log, find } = opened();
    const keys = Array.from({ length: 600 }, (_, index) => `learner-${index}`);
    await log.append(keys.map((key) => record(key, key)));
    expect(await Promise.all([...keys, ...keys].map(find))).toEqual([...keys, ...keys]);
  });

  it('is none in a topic that does not exist, and found once it does', async () => {
    const { log, latest } = opened();
    expect(await latest.find('eu-west.later', 'ada')).toBeNull();
    log.ensureTopic({ name: 'eu-west.later', partitions: 1, cleanup: 'compact', retentionMs: null });
    await log.append([{ ...record('ada', '1'), topic: 'eu-west.later', partition: 0 }]);
    expect((await latest.find('eu-west.later', 'ada'))?.toString()).toBe('1');
  });

  it('is found after a failed read, which is told of', async () => {
    const { log, over } = opened();
    await log.append([record('ada', '1')]);
    let broken = true;
    const failing: Log = Object.assign(Object.create(log) as Log, {
      read: (...args: Parameters<Log['read']>) => {
        if (broken) throw new Error('the disk is gone');
        return log.read(...args);
      },
    });
    const latest = new LatestRecords(over(failing));
    await expect(latest.find(TOPIC, 'ada')).rejects.toThrow('the disk is gone');
    broken = false;
    expect((await latest.find(TOPIC, 'ada'))?.toString()).toBe('1');
  });
});

describe('the last records of a key', () => {
  const texts = (found: readonly Buffer[]): string[] => found.map(String);

  it('are as many as are asked for, newest first, and go on from there', async () => {
    const { log, tools } = opened();
    const recent = new RecentRecords(tools, { most: 3, keys: 2 });
    const { partition } = record('ada', null);
    const far = Array.from({ length: 2500 }, () => marker(partition));
    await log.append([record('ada', '1'), record('ada', '2'), ...far, record('ada', '3'), record('ben', 'x'), record('ada', '4')]);
    expect(texts(await recent.find(TOPIC, 'ada'))).toEqual(['4', '3', '2']);
    await log.append([record('ada', '5')]);
    expect(texts(await recent.find(TOPIC, 'ada'))).toEqual(['5', '4', '3']);
    expect(texts(await recent.find(TOPIC, 'ben'))).toEqual(['x']);
  });

  it('are none from before a tombstone', async () => {
    const { log, tools } = opened();
    const recent = new RecentRecords(tools, { most: 3, keys: 2 });
    await log.append([record('ada', '1'), record('ada', null), record('ada', '2')]);
    expect(texts(await recent.find(TOPIC, 'ada'))).toEqual(['2']);
    await log.append([record('ada', null)]);
    expect(texts(await recent.find(TOPIC, 'ada'))).toEqual([]);
  });

  it('are looked for as far back as is said', async () => {
    const { log, tools } = opened();
    const { partition } = record('ada', null);
    await log.append([record('ada', 'far'), ...Array.from({ length: 3000 }, () => marker(partition)), record('ada', 'near')]);
    expect(texts(await new RecentRecords(tools, { most: 3, keys: 2, reach: 2000 }).find(TOPIC, 'ada'))).toEqual(['near']);
    expect(texts(await new RecentRecords(tools, { most: 3, keys: 2 }).find(TOPIC, 'ada'))).toEqual(['near', 'far']);
  });
});
