/** The limits that documents name are so: when the engine outgrows one, its page must follow. */
import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { aggregate, count, keyBy, schema, sum, topology, tumbling, withValue, type Topology } from '../../operators/index.js';
import type { Worker } from '../../runtime/engine/worker.js';
import { memoryStorage, type MemoryStorage } from '../../runtime/testing/index.js';
import { topics } from '../../schemas/index.js';
import { event, events, timed, toResults } from '../operators/pipelines.js';
import { closed, found, letters, physical, record, run, send, settle, started } from '../runtime/engine/running.js';

const SECOND_MS = 1_000;
const IDLE_MS = SECOND_MS;
const LONG_MS = 100 * SECOND_MS;

/** Every tag, in the order in which the task behind the repartition topic takes them. */
const gathered = topology('gathered', { version: 1 }, ({ source }) => {
  source(events, { ...timed, idleMs: IDLE_MS }).pipe(
    map((one) => withValue(one, one.value.tag)),
    keyBy('all', { key: () => 'all', value: schema.string }),
    toResults(),
  );
});

/** Counts by key and 10 s, then over all keys. */
const twoPhases = (idleMs: number): Topology =>
  topology('two-phases', { version: 1 }, ({ source }) => {
    source(events, { ...timed, idleMs }).pipe(
      tumbling('part', { sizeMs: 10 * SECOND_MS, late: 'dead-letter' }, { n: count() }),
      map((one) => withValue(one, one.value.value.n)),
      keyBy('all', { key: () => 'all', value: schema.long }),
      tumbling('whole', { sizeMs: 10 * SECOND_MS, late: 'dead-letter' }, { n: sum((n) => n) }),
      toResults(),
    );
  });

/** A worker that follows the log, with a wall clock of its own. */
class Life {
  private nowMs = 0;

  private constructor(
    readonly storage: MemoryStorage,
    private readonly worker: Worker,
  ) {}

  static async of(lived: Topology, storage = memoryStorage({ now: () => 0 })): Promise<Life> {
    const life = new Life(storage, await started(storage, lived, { mode: 'follow', limits: { markerMs: SECOND_MS } }));
    await life.rest();
    return life;
  }

  async comes(partition: number, second: number, tag = ''): Promise<void> {
    await send(this.storage, record(events, event(`k${partition}`, second * SECOND_MS, { tag }), partition));
    await this.rest();
  }

  async silence(): Promise<void> {
    this.nowMs += 2 * IDLE_MS;
    await this.rest();
  }

  /** One task's outputs are another's input: several rounds. */
  private async rest(): Promise<void> {
    for (let round = 0; round < 4; round++) await settle(this.worker, this.nowMs);
  }
}

/** A new storage with some of the topics of another one, and no state. */
async function withTopics(from: MemoryStorage, names: (name: string) => boolean): Promise<MemoryStorage> {
  const storage = memoryStorage({ now: () => 0 });
  for (const spec of from.log.topics().filter(({ name }) => names(name))) {
    storage.log.ensureTopic(spec);
    for (let partition = 0; partition < spec.partitions; partition++) {
      const records = from.log.read(spec.name, partition, 0, Infinity);
      for (const { appendTimeMs, ...one } of records) await storage.log.appendAt([{ ...one, topic: spec.name, partition }], appendTimeMs);
    }
  }
  return storage;
}

const sources = [physical(events), physical(topics.control)];
const tags = (storage: MemoryStorage): unknown[] => found(storage).map(([, , tag]) => tag);

async function rebuilt(from: MemoryStorage, names: (name: string) => boolean): Promise<unknown[]> {
  const life = await Life.of(gathered, await withTopics(from, names));
  await life.silence();
  return tags(life.storage);
}

describe('docs/explanation/time.md', () => {
  it('says that a rebuild puts records of an upstream task that was idle at their own time, behind a repartition topic', async () => {
    const life = await Life.of(gathered);
    await life.comes(0, 10, 'a10');
    await life.comes(1, 10, 'b10');
    await life.silence();
    await life.comes(0, 50, 'a50');
    await life.comes(1, 20, 'b20');
    await life.comes(0, 70, 'a70');
    await life.silence();
    expect(tags(life.storage)).toEqual(['a10', 'b10', 'a50', 'b20', 'a70']);
    expect(await rebuilt(life.storage, (name) => sources.includes(name))).toEqual(['a10', 'b10', 'b20', 'a50', 'a70']);
  });

  it('says that a rebuild over kept internal topics counts every record once', async () => {
    const life = await Life.of(gathered);
    await life.comes(0, 10, 'a');
    await life.silence();
    expect(await rebuilt(life.storage, (name) => sources.includes(name))).toEqual(['a']);
    expect(await rebuilt(life.storage, (name) => sources.includes(name) || name.endsWith('.all'))).toEqual(['a']);
  });

  it('says that a second phase waits for every upstream task, but not for one that is idle, whose part is late then', async () => {
    const lived = async (idleMs: number): Promise<Life> => {
      const life = await Life.of(twoPhases(idleMs));
      for (let partition = 0; partition < events.partitions; partition++) await life.comes(partition, 5);
      for (let partition = 1; partition < events.partitions; partition++) await life.comes(partition, 15);
      expect(closed(life.storage)).toEqual([]);
      await life.silence();
      for (let partition = 1; partition < events.partitions; partition++) await life.comes(partition, 16);
      await life.comes(0, 16);
      return life;
    };
    const hasty = await lived(IDLE_MS);
    expect(closed(hasty.storage)).toEqual([['all', 9_999, { n: events.partitions - 1 }]]);
    expect(letters(hasty.storage).map(({ code, stage }) => [code, stage])).toEqual([['SFS_LATE', 'whole']]);
    const patient = await lived(LONG_MS);
    expect(closed(patient.storage)).toEqual([['all', 9_999, { n: events.partitions }]]);
    expect(letters(patient.storage)).toEqual([]);
  });
});

describe('docs/explanation/state-and-commits.md', () => {
  it('says that an added aggregate needs a new version', async () => {
    const total = (version: number, aggregates: Parameters<typeof aggregate<string, { readonly n: number }, Record<string, number>>>[1]): Topology =>
      topology('total', { version }, ({ source }) => {
        source(events, timed).pipe(aggregate('total', aggregates), toResults());
      });
    const storage = memoryStorage({ now: () => 0 });
    await run(storage, total(1, { events: count() }));
    await send(storage, record(events, event('a', 1)));
    await run(storage, total(1, { events: count() }));
    const more = { events: count(), n: sum((value: { readonly n: number }) => value.n) };
    await expect(started(storage, total(1, more))).rejects.toMatchObject({ code: 'SFS_PLAN_CHANGED' });
    await run(storage, total(2, more));
    expect(found(storage).map(([, , value]) => value)).toEqual([{ events: 1 }, { events: 1, n: 1 }]);
  });
});
