/** Models that change while a topology runs: the same bytes again after crashes, and when all is built anew from the log. */
import fc from 'fast-check';
import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { inTimeOrder, topicSchema, topology, withValue } from '../../../operators/index.js';
import { openEmbedded } from '../../../runtime/embedded/index.js';
import { adoptionIn } from '../../../runtime/engine/decisions.js';
import type { Worker } from '../../../runtime/engine/worker.js';
import { CrashingStorage, type CrashPlan } from '../../../runtime/testing/crashingStorage.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import type { LocalStorage } from '../../../runtime/ports.js';
import { topics } from '../../../schemas/index.js';
import { event, events, timed, toResults } from '../../operators/pipelines.js';
import { temporaryFolder } from '../models/fixture.js';
import { MovingModels } from './movingModels.js';
import { controls, found, letters, physical, record, send, settle, started, type Found } from './running.js';

/** Tells for each event which model decides, out of order and, behind a buffer, in order; one tag makes what asked fail. */
const telling = topology('telling', { version: 1 }, ({ source, models }) => {
  const told = source(events, { ...timed, latenessMs: 5 }).pipe(
    map((one) => withValue(one, { ...one.value, tag: `${one.value.tag} ${models!.at(one.timestamp).version}` })),
    map((one) => {
      if (one.value.tag.startsWith('bad')) throw new RangeError('bad');
      return one;
    }),
    inTimeOrder('in-order', { value: topicSchema(events) }),
  );
  told.pipe(
    map((one) => withValue(one, `${one.value.tag} ${models!.at(one.timestamp).version}`)),
    toResults(),
  );
});

type Happening = { readonly atMs: number; readonly partition: 0 | 1; readonly isBad: boolean } | { readonly promote: string };
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ atMs: fc.nat(60), partition: fc.constantFrom(0 as const, 1 as const), isBad: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ promote: fc.constantFrom('a', 'b', 'c') }) },
);

interface Left {
  readonly results: Found[];
  readonly letters: readonly unknown[];
  readonly adoptions: readonly unknown[];
}

function leftBy(storage: LocalStorage): Left {
  const results = found(storage).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const adoptions = controls(storage).flatMap((control) => (adoptionIn(control) === null ? [] : [{ of: control.partition, ...adoptionIn(control) }]));
  adoptions.sort((a, b) => a.of! - b.of! || a.count! - b.count!);
  return { results, letters: letters(storage).sort((a, b) => (a.id < b.id ? -1 : 1)), adoptions };
}

const workerOf = (storage: LocalStorage, models: MovingModels, maxRecords = 5_000): Promise<Worker> =>
  started(storage, telling, { mode: 'follow', models, limits: { maxRecords } });

/** Lives through it; `storage` may die at commits, and the next process goes on. */
async function live(storage: LocalStorage, happenings: readonly Happening[], plan?: CrashPlan, models = new MovingModels()): Promise<Left> {
  const crashing = new CrashingStorage(storage, plan ?? (() => null), Infinity);
  let worker = await workerOf(crashing, models);
  const rest = async (): Promise<void> => {
    for (;;) {
      try {
        return await settle(worker, 0);
      } catch (error) {
        if (!crashing.isPlanned(error)) throw error;
        worker = await workerOf(crashing, models);
      }
    }
  };
  await rest();
  for (const [nth, one] of happenings.entries()) {
    if ('promote' in one) models.promote(one.promote);
    else await send(storage, record(events, event(`k${one.partition}`, one.atMs, { tag: `${one.isBad ? 'bad' : 'e'}${nth}` }), one.partition));
    await rest();
  }
  return leftBy(storage);
}

/** What the log cannot be made again from. */
async function rescued(from: LocalStorage): Promise<MemoryStorage> {
  const storage = memoryStorage({ now: () => 0 });
  const kept = [events, topics.control].map((topic) => physical(topic));
  for (const spec of from.log.topics().filter(({ name }) => kept.includes(name))) {
    storage.log.ensureTopic(spec);
    for (let partition = 0; partition < spec.partitions; partition++) {
      const records = from.log.read(spec.name, partition, 0, Infinity);
      for (const { appendTimeMs, key, value, header } of records)
        await storage.log.appendAt([{ topic: spec.name, partition, key, value, header }], appendTimeMs);
    }
  }
  return storage;
}

/** Another process, for which another model is current, builds everything again. */
async function rebuilt(from: LocalStorage, maxRecords: number): Promise<Left> {
  const storage = await rescued(from);
  const models = new MovingModels();
  models.promote('later');
  await settle(await workerOf(storage, models, maxRecords), 0);
  const { results, letters: dead, adoptions } = leftBy(storage);
  const isLater = (one: unknown): boolean => JSON.stringify(one).includes('"number":"later"');
  return { results, letters: dead, adoptions: adoptions.filter((one) => !isLater(one)) };
}

const LIFE: readonly Happening[] = [
  { atMs: 3, partition: 0, isBad: false },
  { promote: 'a' },
  { atMs: 10, partition: 0, isBad: false },
  { atMs: 12, partition: 1, isBad: false },
  { promote: 'b' },
  { atMs: 20, partition: 0, isBad: false },
  { atMs: 16, partition: 0, isBad: true },
  { atMs: 8, partition: 0, isBad: false },
  { atMs: 30, partition: 1, isBad: false },
  { promote: 'a' },
  { atMs: 40, partition: 0, isBad: false },
  { atMs: 60, partition: 0, isBad: false },
  { atMs: 60, partition: 1, isBad: false },
];

const memory = (): MemoryStorage => memoryStorage({ now: () => 0 });

describe('a run that follows models', () => {
  it('turns to each, and back, between two records, and logs it for each task that decides', async () => {
    const left = await live(memory(), LIFE);
    const told = left.results.map(([key, , text]) => `${key} ${String(text)}`);
    expect(told.filter((line) => line.startsWith('k0'))).toEqual(['k0 e0 fallback fallback', 'k0 e2 a a', 'k0 e7 b b', 'k0 e5 b b', 'k0 e10 a a']);
    expect(left.adoptions).toHaveLength(7);
    expect(left.letters).toHaveLength(1);
  });

  it('leaves the same when it dies at commits, before or after they took effect', { timeout: 60_000 }, async () => {
    const undisturbed = await live(memory(), LIFE);
    for (let at = 1; at <= 24; at++) {
      const end = at % 2 === 0 ? 'before' : 'after';
      const left = await live(memory(), LIFE, (commit) => (commit === at || commit === at + 3 ? end : null));
      expect(left.results, `${end} ${at}`).toEqual(undisturbed.results);
      expect(left.letters).toEqual(undisturbed.letters);
    }
  });

  it('leaves the same in a folder that is killed at commits around a swap', { timeout: 60_000 }, async () => {
    const storage = await openEmbedded(temporaryFolder(), { clock: () => 0 });
    try {
      const left = await live(storage, LIFE, (commit) => (commit % 3 === 0 ? 'before' : commit % 3 === 1 ? 'after' : null));
      expect(left).toEqual(await live(memory(), LIFE));
      expect(await rebuilt(storage, 1)).toEqual(left);
    } finally {
      await storage.close();
    }
  });

  it('leaves the same when it is built again from the log, whatever is current then', { timeout: 60_000 }, async () => {
    const storage = memory();
    expect(await rebuilt(storage, 5_000)).toEqual(await live(storage, []));
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 25 }), fc.constantFrom(1, 2, 5_000), async (happenings, maxRecords) => {
        const lived = memory();
        const left = await live(lived, happenings);
        expect(await rebuilt(lived, maxRecords)).toEqual(left);
      }),
      { numRuns: 30 },
    );
  });

  it('would not without the control topic', async () => {
    const storage = memory();
    const left = await live(storage, LIFE);
    const again = await rescued(storage);
    const models = new MovingModels();
    models.promote('later');
    const empty = memoryStorage({ now: () => 0 });
    const spec = again.log.topics().find(({ name }) => name === physical(events))!;
    empty.log.ensureTopic(spec);
    for (let partition = 0; partition < spec.partitions; partition++) {
      for (const { appendTimeMs, ...one } of again.log.read(spec.name, partition, 0, Infinity))
        await empty.log.appendAt([{ ...one, topic: spec.name, partition }], appendTimeMs);
    }
    await settle(await workerOf(empty, models), 0);
    expect(leftBy(empty).results).not.toEqual(left.results);
  });

  it('opens what a task needs when it needs it, and stops where that cannot be had', async () => {
    const storage = memory();
    await live(storage, LIFE);
    const models = new MovingModels();
    await send(storage, record(events, event('k0', 70, { tag: 'next' }), 0));
    await settle(await workerOf(storage, models), 0);
    expect(models.openedFor).toEqual(['a']);
    const broken = new MovingModels();
    broken.open = () => Promise.reject(new Error('gone'));
    await send(storage, record(events, event('k0', 80, { tag: 'last' }), 0));
    await expect(settle(await workerOf(storage, broken), 0)).rejects.toThrow('gone');
  });
});
