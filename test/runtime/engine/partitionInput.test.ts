import { describe, expect, it } from 'vitest';
import type { Channel } from '../../../runtime/engine/channel.js';
import type { ProducerId } from '../../../runtime/engine/header.js';
import { MergedInputs } from '../../../runtime/engine/mergeInputs.js';
import { PartitionInput } from '../../../runtime/engine/partitionInput.js';
import { newProgress, type TaskProgress } from '../../../runtime/engine/progress.js';
import type { Log } from '../../../runtime/ports.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import { LocalSchemaIds, topicCodec, type Topic } from '../../../schemas/index.js';
import { derived, event, events, timed, type Event } from '../../operators/pipelines.js';
import { fetchedFrom } from './fetchedPartition.js';
import { derivedRecord, marker, physical, record } from './running.js';

const MOST_WAITING = 4000;
const upstream = (partition: number) => ({ name: 'writer@1/0', partition, count: 2 });

interface Setting {
  readonly topic?: Topic<string, Event>;
  readonly progress?: TaskProgress;
  readonly resumed?: Channel[];
  readonly producers?: number;
  readonly known?: readonly ProducerId[];
  readonly log?: Pick<Log, 'range' | 'read'>;
}

function storageWith(topic: Topic<string, Event>): MemoryStorage {
  const storage = memoryStorage({ now: () => 0 });
  storage.log.ensureTopic({ name: physical(topic), partitions: topic.partitions, cleanup: 'delete', retentionMs: null });
  return storage;
}

function inputOf(
  storage: MemoryStorage,
  { topic = events, progress = newProgress(), resumed = [], producers = 0, known, log = storage.log }: Setting = {},
): PartitionInput {
  const plain = topic as Topic<string, unknown>;
  const source = { topic: plain, scope: 'task' as const, holdsWatermark: true, latenessMs: 0, idleMs: 1000, maxAheadMs: Number.MAX_SAFE_INTEGER };
  return new PartitionInput(
    {
      stage: topic.name,
      source: topic.derived ? source : { ...source, eventTimeMs: timed.eventTimeMs as (value: unknown) => number },
      topic: physical(topic),
      partition: 0,
      codec: topicCodec(plain, LocalSchemaIds.withAccepted()),
      log,
      progress,
      producers: known ?? (producers === 0 ? [] : [upstream(0)]),
      onResume: (channel) => resumed.push(channel),
    },
    false,
  );
}

const waiting = (input: PartitionInput): number => [...input.channels.values()].reduce((total, channel) => total + channel.size, 0);
/** Whether the log holds nothing that the input has not taken in. */
const isAtEnd = ({ channels, options: { log, topic, partition } }: PartitionInput): boolean =>
  [...channels.values()].every(({ cursor }) => cursor >= log.range(topic, partition).end);
const nth = (n: number): Event => event('a', n);

/** Takes everything that waits in a channel. */
function drain(channel: Channel): number[] {
  const taken: number[] = [];
  for (let head = channel.peek(); head !== undefined; head = channel.peek()) {
    taken.push(head.record.offset);
    channel.shift();
    channel.progress.next = head.record.offset + 1;
  }
  return taken;
}

describe('an input over a broker', () => {
  it('loses nothing where it goes back behind what is still fetched', async () => {
    // Two writers one after the other, further apart than what is kept: the merge needs both at a time.
    const each = 12_000;
    const storage = storageWith(derived);
    for (const by of [0, 1]) await storage.log.append(Array.from({ length: each }, (_, n) => derivedRecord(derived, nth(n), upstream(by), 0)));
    const { log, deliver } = fetchedFrom(storage.log.read(physical(derived), 0, 0, Infinity));
    const input = inputOf(storage, { topic: derived, producers: 2, log });
    const taken: number[][] = [[], []];
    let again = 0;
    const channels = (): Channel[] => [0, 1].map((by) => input.channels.get(`writer@1/0#${by}`)!);
    for (let looks = 0; looks < 2_000 && taken.some(({ length }) => length < each); looks++) {
      // What is asked for comes between two steps of the task.
      await new Promise(setImmediate);
      deliver();
      while (input.fill());
      if (input.isFetching) again++;
      const isMerged = channels().every(({ size }, by) => size > 0 || taken[by]!.length === each);
      if (isMerged) channels().forEach((channel, by) => taken[by]!.push(...drain(channel)));
    }
    // While that is fetched, who has nothing at hand is not silent.
    expect(again).toBeGreaterThan(0);
    expect(taken.map(({ length }) => length)).toEqual([each, each]);
    expect(taken).toEqual([0, each].map((first) => Array.from({ length: each }, (_, n) => first + n)));
  });
});

describe('an input', () => {
  it('never holds more than its bound of waiting records, however much the log has', async () => {
    const storage = storageWith(events);
    await storage.log.append(Array.from({ length: 20_000 }, (_, n) => record(events, nth(n), 0)));
    const input = inputOf(storage);
    while (input.fill());
    expect(waiting(input)).toBe(MOST_WAITING);
    expect(isAtEnd(input)).toBe(false);
    expect(input.lag).toBe(20_000);
  });

  it('reads on where it stopped once there is room, and misses nothing', async () => {
    const storage = storageWith(events);
    await storage.log.append(Array.from({ length: 9_500 }, (_, n) => record(events, nth(n), 0)));
    const input = inputOf(storage);
    const [channel] = input.channels.values();
    const taken: number[] = [];
    while (!isAtEnd(input) || waiting(input) > 0) {
      while (input.fill()) expect(waiting(input)).toBeLessThanOrEqual(MOST_WAITING);
      taken.push(...drain(channel!));
    }
    expect(taken).toEqual(Array.from({ length: 9_500 }, (_, n) => n));
    expect(input.lag).toBe(0);
  });

  it('stops the channel of a producer that runs ahead, reads on for the others, and comes back to it later', async () => {
    const storage = storageWith(derived);
    const fast = (n: number) => derivedRecord(derived, nth(n), upstream(0), 0);
    await storage.log.append(Array.from({ length: 6_000 }, (_, n) => fast(n)));
    await storage.log.append([derivedRecord(derived, nth(1), upstream(1), 0), fast(6_000), derivedRecord(derived, nth(2), upstream(1), 0)]);
    const input = inputOf(storage, { topic: derived, producers: 2 });
    while (input.fill());
    const [first, second] = [...input.channels.values()];
    expect([first!.size, second!.size]).toEqual([MOST_WAITING / 2, 2]);
    expect(drain(second!)).toEqual([6_000, 6_002]);
    const taken = drain(first!);
    while (input.fill()) taken.push(...drain(first!));
    expect(taken).toEqual([...Array.from({ length: 6_000 }, (_, n) => n), 6_001]);
    expect(drain(second!)).toEqual([]);
  });

  it('is waited for while one of its channels is empty, and has more while the log goes on there', async () => {
    const storage = storageWith(derived);
    await storage.log.append([0, 0, 1].map((by, n) => derivedRecord(derived, nth(n), upstream(by), 0)));
    const input = inputOf(storage, { topic: derived, producers: 2 });
    const [first, second] = [...input.channels.values()];
    expect([input.isAwaited, input.hasMore]).toEqual([true, true]);
    input.fill();
    expect([input.isAwaited, input.hasMore]).toEqual([false, false]);
    drain(second!);
    expect([input.isAwaited, input.hasMore]).toEqual([true, false]);
    await storage.log.append([derivedRecord(derived, nth(9), upstream(0), 0)]);
    expect([first!.size, input.isAwaited, input.hasMore]).toEqual([2, true, true]);
  });

  it('goes on from the progress of each channel after a restart', async () => {
    const storage = storageWith(derived);
    const all = [0, 1, 0, 1, 0, 1].map((by, n) => derivedRecord(derived, nth(n), upstream(by), 0));
    await storage.log.append(all);
    const progress = newProgress();
    const before = inputOf(storage, { topic: derived, progress, producers: 2 });
    while (before.fill());
    const [fast] = before.channels.values();
    expect(drain(fast!)).toEqual([0, 2, 4]);
    const after = inputOf(storage, { topic: derived, progress: structuredClone(progress), producers: 2 });
    while (after.fill());
    const [first, second] = [...after.channels.values()];
    expect([drain(first!), drain(second!)]).toEqual([[], [1, 3, 5]]);
  });

  it('waits for every task of a producer from its first record on', async () => {
    const storage = storageWith(derived);
    await storage.log.append([marker(derived, 5, upstream(1), 0)]);
    const input = inputOf(storage, { topic: derived });
    const waitedFor = (): string[] => [...input.channels].filter(([, { progress }]) => !progress.ended).map(([name]) => name);
    expect(waitedFor()).toEqual(['unmet']);
    input.fill();
    expect(waitedFor()).toEqual(['writer@1/0#0', 'writer@1/0#1']);
  });

  it('does not go back for a producer that it meets late, also one that is known from the start, and misses nothing of it', async () => {
    const storage = storageWith(derived);
    const late = (task: number) => ({ name: 'writer@2/0', partition: task, count: 2 });
    await storage.log.append(Array.from({ length: 600 }, (_, n) => derivedRecord(derived, nth(n), upstream(n % 2), 0)));
    const reads: number[] = [];
    const { log } = storage;
    const read: typeof log.read = (topic, partition, from, most) => {
      const found = log.read(topic, partition, from, most);
      if (found.length > 0) reads.push(from);
      return found;
    };
    const watched = Object.assign(Object.create(storage) as typeof storage, { log: Object.assign(Object.create(log) as typeof log, { read }) });
    const progress = newProgress();
    const input = inputOf(watched, { topic: derived, progress });
    while (input.fill());
    await storage.log.append([0, 1, 0].map((by, n) => derivedRecord(derived, nth(n), late(by), 0)));
    while (input.fill());
    expect(reads).toEqual([0, 250, 500, 600]);
    expect([0, 1].map((by) => drain(input.channels.get(`writer@2/0#${by}`)!))).toEqual([[600, 602], [601]]);
    // As after a restart with a writer in the same worker that has not written yet.
    for (const channel of input.channels.values()) channel.progress.next = 400;
    const again = inputOf(watched, {
      topic: derived,
      progress: structuredClone(progress),
      known: [late(0), { name: 'writer@3/0', partition: 0, count: 1 }],
    });
    reads.length = 0;
    again.fill();
    expect(reads).toEqual([400]);
  });

  it('tells when an idle channel speaks again, but not for a marker that says idle once more', async () => {
    const storage = storageWith(derived);
    const resumed: Channel[] = [];
    await storage.log.append([marker(derived, 5, upstream(0), 0, { idle: true }), marker(derived, 5, upstream(0), 0, { idle: true })]);
    const input = inputOf(storage, { topic: derived, producers: 2, resumed });
    const [channel] = input.channels.values();
    channel!.progress.idle = true;
    input.fill();
    expect(resumed).toEqual([]);
    await storage.log.append([derivedRecord(derived, nth(1), upstream(0), 0)]);
    input.fill();
    expect(resumed.map(({ id }) => id)).toEqual([channel!.id]);
  });

  it('refuses to go on where retention removed what it had not processed', () => {
    const storage = storageWith(events);
    const { log } = storage;
    const trimmed = Object.assign(Object.create(log) as typeof log, { range: () => ({ start: 10, end: 20 }) });
    const progress = newProgress();
    progress.channels[`${physical(events)}/0/external`] = { next: 5, clockMs: 0, watermarkMs: 0, idle: false, ended: false };
    const input = inputOf(Object.assign(Object.create(storage) as typeof storage, { log: trimmed }), { progress });
    expect(() => input.fill()).toThrow(
      expect.objectContaining({ code: 'SFS_OFFSET_OUT_OF_RANGE', message: expect.stringContaining('5 to 9') as string }),
    );
  });
});

describe('records that lie in the log again', () => {
  const numbered = (sequence: number, by = 0) => derivedRecord(derived, nth(sequence), upstream(by), 0, { sequence });
  const setting = (progress: TaskProgress): Setting => ({ topic: derived, progress, producers: 2 });

  /** Takes what waits of a producer, as its task does. */
  function take(input: PartitionInput, by: number, most = Infinity): number[] {
    const channel = input.channels.get(`writer@1/0#${by}`)!;
    const taken: number[] = [];
    for (let head = channel.peek(); head !== undefined && taken.length < most; head = channel.peek()) {
      channel.observe(head, input.options.source);
      channel.pass(head, input.options.source);
      taken.push(head.record.offset);
    }
    return taken;
  }

  it('are passed over, by the numbers of each producer, and counted once they are behind the task', async () => {
    const storage = storageWith(derived);
    await storage.log.append([1, 2, 3, 2, 3, 4, 3, 4].map((n) => numbered(n)));
    await storage.log.append([numbered(1, 1), numbered(2, 1), numbered(2, 1)]);
    const progress = newProgress();
    const input = inputOf(storage, setting(progress));
    input.fill();
    expect(take(input, 0, 3)).toEqual([0, 1, 2]);
    input.settle();
    expect(progress.counters.repeated).toBe(0);
    expect(take(input, 0)).toEqual([5]);
    expect(progress.counters.repeated).toBe(2);
    input.settle();
    expect(progress.counters.repeated).toBe(4);
    expect(take(input, 1)).toEqual([8, 9]);
    input.settle();
    expect([progress.counters.repeated, input.lag]).toEqual([5, 0]);
  });

  it('are passed over, and counted, as without it by a task that starts anew at any place', async () => {
    const storage = storageWith(derived);
    await storage.log.append([1, 2, 3, 2, 3, 4, 1, 2, 3, 4, 5, 5].map((n) => numbered(n)));
    const progress = newProgress();
    const taken: number[] = [];
    for (let restart = 0; restart < 8; restart++) {
      const input = inputOf(storage, setting(progress));
      input.fill();
      taken.push(...take(input, 0, 1));
      input.settle();
    }
    expect(taken).toEqual([0, 1, 2, 5, 10]);
    expect(progress.counters.repeated).toBe(7);
  });

  it('move no clock, and their markers none back', async () => {
    const storage = storageWith(derived);
    const input = inputOf(storage, setting(newProgress()));
    await storage.log.append([numbered(7), marker(derived, 20, upstream(0), 0)]);
    input.fill();
    take(input, 0);
    const channel = input.channels.get('writer@1/0#0')!;
    const before = { ...channel.progress };
    await storage.log.append([marker(derived, 5, upstream(0), 0), numbered(7), marker(derived, 15, upstream(0), 0)]);
    input.fill();
    expect(take(input, 0)).toEqual([2, 4]);
    input.settle();
    expect(channel.progress).toEqual({ ...before, next: 5 });
  });

  it('are not those without a number, nor those of another version, nor any in a topic that no topology writes', async () => {
    const storage = storageWith(derived);
    const unnumbered = derivedRecord(derived, nth(1), upstream(0), 0);
    const next = derivedRecord(derived, nth(1), { name: 'writer@2/0', partition: 0, count: 1 }, 0, { sequence: 1 });
    await storage.log.append([numbered(1), unnumbered, unnumbered, next]);
    const input = inputOf(storage, setting(newProgress()));
    input.fill();
    expect(waiting(input)).toBe(4);
    const source = storageWith(events);
    await source.log.append([numbered(1), numbered(1)].map((one) => ({ ...one, topic: physical(events) })));
    const plain = inputOf(source);
    plain.fill();
    expect(waiting(plain)).toBe(2);
  });
});

describe('the merge of inputs', () => {
  const clocks = (input: PartitionInput): (string | null)[] => {
    const merged = new MergedInputs([input]);
    const order: (string | null)[] = [];
    for (;;) {
      const next = merged.select();
      if (next.kind !== 'next')
        return [...order, next.kind === 'blocked' ? `waits for ${next.by.map(({ id }) => id.slice(-1)).join()} at ${next.clockMs}` : null];
      order.push(`${next.channel.id.slice(-1)}@${next.arrival.clockMs}`);
      next.channel.progress.clockMs = next.arrival.clockMs;
      next.channel.shift();
    }
  };

  it('takes records by stream time, then producer; a record behind its channel stands at the channel’s clock', async () => {
    const storage = storageWith(derived);
    const by = (task: number, atMs: number) => derivedRecord(derived, nth(atMs), upstream(task), 0);
    await storage.log.append([by(1, 10), by(1, 20), by(1, 15), by(0, 12), by(0, 20), by(0, 40)]);
    const input = inputOf(storage, { topic: derived, producers: 2 });
    input.fill();
    expect(clocks(input)).toEqual(['1@10', '0@12', '0@20', '1@20', '1@20', 'waits for 1 at 40']);
  });

  it('releases a record when every other channel has promised nothing before it', async () => {
    const storage = storageWith(derived);
    await storage.log.append([derivedRecord(derived, nth(30), upstream(0), 0)]);
    const input = inputOf(storage, { topic: derived, producers: 2 });
    input.fill();
    expect(clocks(input)).toEqual(['waits for 1 at 30']);
    await storage.log.append([marker(derived, 30, upstream(1), 0)]);
    input.fill();
    // Producer 0 comes first and may send at 30 once more: what producer 1 says at 30 has to wait for it.
    expect(clocks(input)).toEqual(['0@30', 'waits for 0 at 30']);
  });

  it('does not wait for channels that are idle or at their end', async () => {
    const storage = storageWith(derived);
    await storage.log.append([derivedRecord(derived, nth(30), upstream(0), 0)]);
    for (const state of ['idle', 'ended'] as const) {
      const input = inputOf(storage, { topic: derived, producers: 2 });
      input.fill();
      [...input.channels.values()][1]!.progress[state] = true;
      expect(clocks(input)).toEqual(['0@30', null]);
    }
  });

  it('has the least watermark of the channels that count', () => {
    const input = inputOf(storageWith(derived), { topic: derived, producers: 2 });
    const merged = new MergedInputs([input]);
    const [first, second] = [...input.channels.values()].map(({ progress }) => progress);
    expect(merged.watermark()).toBe(-Infinity);
    first!.watermarkMs = 50;
    second!.watermarkMs = 30;
    expect(merged.watermark()).toBe(30);
    second!.idle = true;
    expect(merged.watermark()).toBe(50);
    first!.idle = true;
    expect(merged.watermark()).toBeNull();
    first!.ended = true;
    expect(merged.watermark()).toBeNull();
    second!.ended = true;
    expect(merged.watermark()).toBe(Infinity);
  });
});
