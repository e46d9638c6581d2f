/** Experiments come to tasks as models do: by adoptions in the log, so that what is computed again decides as it did. */
import fc from 'fast-check';
import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { topology, withValue } from '../../../operators/index.js';
import { adoptionIn } from '../../../runtime/engine/decisions.js';
import type { Adoption } from '../../../runtime/engine/followedModels.js';
import { decodeProgress, encodeProgress, newProgress, type TaskProgress } from '../../../runtime/engine/progress.js';
import { TaskModels } from '../../../runtime/engine/taskModels.js';
import type { LocalStorage } from '../../../runtime/ports.js';
import { CrashingStorage, type CrashPlan } from '../../../runtime/testing/crashingStorage.js';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { topics } from '../../../schemas/index.js';
import { event, events, timed, toResults } from '../../operators/pipelines.js';
import { MovingModels, ref } from '../engine/movingModels.js';
import { controls, found, physical, record, send, settle, started, type Found } from '../engine/running.js';
import { MovingExperiments } from './movingExperiments.js';

const NOWHERE = () => [];

function taskOf(followed: MovingModels, progress: TaskProgress = newProgress(), rest: { isFixed?: boolean; firstLookAtExperiments?: number } = {}) {
  const models = new TaskModels({ followed, task: 't@1/0/0', progress, firstLook: 1, isFixed: false, ...rest });
  const decide = (timeMs: number): string => {
    const { version, experiments } = models.at(timeMs);
    return `${version} ${experiments?.version ?? 'none'}`;
  };
  const turn = (): Adoption[] => {
    models.turn(NOWHERE);
    return models.tell().map(({ adoption }) => adoption);
  };
  return { models, progress, decide, turn };
}

describe('the experiments of a task', () => {
  it('begin with the first decision, with the model, and go on when it changes', () => {
    const followed = new MovingExperiments();
    followed.promote('a');
    followed.publish('x');
    const { decide, turn } = taskOf(followed);
    expect(decide(5)).toBe('a x');
    expect(turn()).toEqual([{ model: ref('a'), experiments: 'x', fromMs: -Infinity }]);
    followed.promote('b');
    expect(turn()).toEqual([{ model: ref('b'), experiments: 'x', fromMs: 6 }]);
    expect([decide(5), decide(6)]).toEqual(['a x', 'b x']);
    followed.publish('y');
    expect(turn()).toEqual([{ model: ref('b'), experiments: 'y', fromMs: 7 }]);
    expect([turn(), decide(6), decide(7)]).toEqual([[], 'b x', 'b y']);
  });

  it('do not begin earlier because another model comes before they have begun', () => {
    const followed = new MovingExperiments();
    followed.promote('a');
    followed.publish('x', 100);
    const { decide, turn } = taskOf(followed);
    expect(decide(5)).toBe('a none');
    turn();
    followed.promote('b');
    turn();
    expect([50, 99, 100].map(decide)).toEqual(['a none', 'a none', 'b x']);
  });

  it('decide about nothing before they were made, where they say when', () => {
    const followed = new MovingExperiments();
    followed.promote('a', 10);
    followed.publish('x', 20);
    const { decide, turn } = taskOf(followed);
    expect([5, 15, 25].map(decide)).toEqual(['fallback none', 'a none', 'a x']);
    expect(turn()).toEqual([
      { model: ref('a'), fromMs: 10 },
      { model: ref('a'), experiments: 'x', fromMs: 20 },
    ]);
    followed.publish('y', 100);
    turn();
    expect([26, 99, 100].map(decide)).toEqual(['a x', 'a x', 'a y']);
  });

  it('need no model', () => {
    const followed = new MovingExperiments();
    followed.publish('x');
    const { decide, turn } = taskOf(followed);
    expect(decide(1)).toBe('fallback x');
    expect(turn()).toEqual([{ model: null, experiments: 'x', fromMs: -Infinity }]);
  });

  it('are believed by looks that began after the task, and not turned to by a replay', () => {
    for (const rest of [{ firstLookAtExperiments: 2 }, { isFixed: true }]) {
      const followed = new MovingExperiments();
      const task = taskOf(followed, newProgress(), rest);
      task.decide(1);
      task.turn();
      followed.publish('x');
      expect(task.turn()).toEqual([]);
      followed.publish('x');
      expect(task.turn()).toHaveLength('isFixed' in rest ? 0 : 1);
    }
  });

  it('end with a run that follows none: it decides under none, and says so when the model changes', () => {
    const followed = new MovingExperiments();
    followed.promote('a');
    followed.publish('x');
    const before = taskOf(followed);
    before.decide(1);
    before.turn();
    const without = new MovingModels();
    without.promote('a');
    const after = taskOf(without, decodeProgress(encodeProgress(before.progress)));
    expect([after.turn(), after.decide(2)]).toEqual([[], 'a none']);
    without.promote('b');
    expect(after.turn()).toEqual([{ model: ref('b'), fromMs: 3 }]);
  });
});

/** Tells for each event what decides. */
const telling = topology('telling', { version: 1 }, ({ source, models }) => {
  source(events, { ...timed, latenessMs: 5 }).pipe(
    map((one) => {
      const { version, experiments, named } = models!.at(one.timestamp);
      const other = Object.keys(experiments?.versions ?? {}).map((number) => ` ${named!(number)!.version}`);
      return withValue(one, `${one.value.tag} ${version} ${experiments?.version ?? 'none'}${other.join()}`);
    }),
    toResults(),
  );
});

type Happening = { readonly atMs: number; readonly partition: 0 | 1 } | { readonly publish: string } | { readonly promote: string };
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ atMs: fc.nat(60), partition: fc.constantFrom(0 as const, 1 as const) }) },
  { weight: 1, arbitrary: fc.record({ publish: fc.constantFrom('x', 'y', 'z+a', 'z+c') }) },
  { weight: 1, arbitrary: fc.record({ promote: fc.constantFrom('a', 'b') }) },
);

/** Lives through it; the process may die at commits, and the next one goes on. Returns the results by key. */
async function live(storage: LocalStorage, happenings: readonly Happening[], plan: CrashPlan = () => null): Promise<Found[]> {
  const crashing = new CrashingStorage(storage, plan, Infinity);
  const models = new MovingExperiments();
  const worker = () => started(crashing, telling, { mode: 'follow', models });
  let running = await worker();
  const rest = async (): Promise<void> => {
    for (;;) {
      try {
        return await settle(running, 0);
      } catch (error) {
        if (!crashing.isPlanned(error)) throw error;
        running = await worker();
      }
    }
  };
  for (const [nth, one] of happenings.entries()) {
    if ('publish' in one) models.publish(one.publish);
    else if ('promote' in one) models.promote(one.promote);
    else await send(storage, record(events, event(`k${one.partition}`, one.atMs, { tag: `e${nth}` }), one.partition));
    await rest();
  }
  return resultsIn(storage);
}

const resultsIn = (storage: LocalStorage): Found[] => found(storage).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

/** Another process, under other experiments, builds everything again from the log. */
async function rebuilt(from: LocalStorage): Promise<Found[]> {
  const storage = memoryStorage({ now: () => 0 });
  const kept = [events, topics.control].map((topic) => physical(topic));
  for (const spec of from.log.topics().filter(({ name }) => kept.includes(name))) {
    storage.log.ensureTopic(spec);
    for (let partition = 0; partition < spec.partitions; partition++)
      for (const { appendTimeMs, key, value, header } of from.log.read(spec.name, partition, 0, Infinity))
        await storage.log.appendAt([{ topic: spec.name, partition, key, value, header }], appendTimeMs);
  }
  const models = new MovingExperiments();
  models.publish('later');
  await settle(await started(storage, telling, { mode: 'follow', models }), 0);
  return resultsIn(storage);
}

describe('a run under experiments', () => {
  it('leaves the same when it dies at commits, and when all is built again from the log', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 4, maxLength: 20 }), fc.integer({ min: 1, max: 12 }), async (happenings, at) => {
        const storage = memoryStorage({ now: () => 0 });
        const undisturbed = await live(storage, happenings);
        const crashed = await live(memoryStorage({ now: () => 0 }), happenings, (commit) => (commit === at || commit === at + 3 ? 'before' : null));
        expect(crashed).toEqual(undisturbed);
        expect(await rebuilt(storage)).toEqual(undisturbed);
      }),
      { numRuns: 15 },
    );
  });

  it('waits for a version that a variation names, and decides with it', async () => {
    const storage = memoryStorage({ now: () => 0 });
    const results = await live(storage, [
      { promote: 'a' },
      { publish: 'x+c' },
      { atMs: 1, partition: 0 },
      { promote: 'b' },
      { atMs: 2, partition: 0 },
    ]);
    expect(results.map(([, , text]) => text)).toEqual(['e2 a x+c c', 'e4 b x+c c']);
  });

  it('has the whole payload in the log', async () => {
    const storage = memoryStorage({ now: () => 0 });
    const results = await live(storage, [{ publish: 'x' }, { atMs: 1, partition: 0 }, { publish: 'y' }, { atMs: 2, partition: 0 }]);
    expect(results.map(([, , text]) => text)).toEqual(['e1 fallback x', 'e3 fallback y']);
    expect(controls(storage).flatMap((control) => adoptionIn(control)?.adoption ?? [])).toEqual([
      { model: null, experiments: 'x', fromMs: -Infinity },
      { model: null, experiments: 'y', fromMs: 2 },
    ]);
  });
});
