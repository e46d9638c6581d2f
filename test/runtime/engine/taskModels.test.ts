import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Adoption } from '../../../runtime/engine/followedModels.js';
import { isModelAwaited } from '../../../runtime/engine/modelAwaited.js';
import { decodeProgress, encodeProgress, newProgress, type TaskProgress } from '../../../runtime/engine/progress.js';
import { TaskModels, relive } from '../../../runtime/engine/taskModels.js';
import type { TaskPosition } from '../../../runtime/ports.js';
import { MovingModels, ref } from './movingModels.js';

const NOWHERE = (): readonly TaskPosition[] => [];

interface Opened {
  readonly models: TaskModels;
  readonly followed: MovingModels;
  readonly progress: TaskProgress;
  /** Name of the model that decides at an event time. */
  readonly decide: (timeMs: number) => string;
  /** Everything that was told so far. */
  readonly told: Adoption[];
}

function opened(followed = new MovingModels(), progress = newProgress(), rest: { firstLook?: number; isFixed?: boolean } = {}): Opened {
  const models = new TaskModels({ followed, task: 't@1/0/0', progress, firstLook: 1, isFixed: false, ...rest });
  const told: Adoption[] = [];
  const decide = (timeMs: number): string => {
    models.mark();
    const { version } = models.at(timeMs);
    told.push(...models.tell().map(({ adoption }) => adoption));
    return version;
  };
  return { models, followed, progress, decide, told };
}

function turn({ models, told }: Opened, positions = NOWHERE): void {
  models.turn(positions);
  told.push(...models.tell().map(({ adoption }) => adoption));
}

describe('the models of a task', () => {
  it('are asked for nothing, and log nothing, before the first decision', () => {
    const task = opened();
    task.followed.promote('a');
    turn(task);
    expect(task.told).toEqual([]);
    expect(task.progress.models).toBeUndefined();
  });

  it('begin with what is current at the first decision, about everything', () => {
    const task = opened();
    task.followed.promote('a');
    expect(task.decide(5)).toBe('a');
    expect(task.told).toEqual([{ model: ref('a'), fromMs: -Infinity }]);
    expect(task.progress.models).toMatchObject({ count: 1, decidedMs: 5 });
  });

  it('begin with the fallback where there is none, which is kept, too', () => {
    const task = opened();
    expect(task.decide(5)).toBe('fallback');
    expect(task.told).toEqual([{ model: null, fromMs: -Infinity }]);
    task.followed.promote('a');
    expect(task.decide(6)).toBe('fallback');
    turn(task);
    expect(task.decide(6)).toBe('fallback');
    expect(task.decide(7)).toBe('a');
  });

  it('turn between two steps, for event times that nothing was decided about', () => {
    const task = opened();
    task.followed.promote('a');
    expect(task.decide(10)).toBe('a');
    task.followed.promote('b');
    expect(task.decide(11)).toBe('a');
    turn(task);
    expect(task.told.at(-1)).toEqual({ model: ref('b'), fromMs: 12 });
    expect([11, 12, 13].map(task.decide)).toEqual(['a', 'b', 'b']);
  });

  it('go back in the same way, and take no older one for what is late', () => {
    const task = opened();
    for (const [name, timeMs] of [
      ['a', 10],
      ['b', 20],
      ['a', 30],
    ] as const) {
      task.followed.promote(name);
      turn(task);
      expect(task.decide(timeMs)).toBe(name);
    }
    expect(task.decide(15)).toBe('a');
    turn(task);
    expect(task.progress.models!.adopted).toEqual([{ model: ref('a'), fromMs: 21 }]);
  });

  it('decide about nothing that a model has seen in training', () => {
    const task = opened();
    task.followed.promote('a', 100);
    expect([50, 99, 100].map(task.decide)).toEqual(['fallback', 'fallback', 'a']);
    task.followed.promote('b', 200);
    turn(task);
    expect([150, 199].map(task.decide)).toEqual(['a', 'a']);
    // Taken back before its time came: it never decides.
    task.followed.promote('a', 100);
    turn(task);
    expect([200, 300].map(task.decide)).toEqual(['a', 'a']);
  });

  it('await one that is not open', async () => {
    const progress = newProgress();
    const first = opened(new MovingModels(), progress);
    first.followed.promote('a');
    first.decide(1);
    const second = opened(new MovingModels(), decodeProgress(encodeProgress(progress)));
    let thrown: unknown;
    try {
      second.decide(2);
    } catch (error) {
      thrown = error;
    }
    expect(isModelAwaited(thrown)).toBe(true);
    second.models.undo();
    await (thrown as { arrival: Promise<void> }).arrival;
    expect(second.progress.models!.decidedMs).toBe(1);
    expect(second.decide(2)).toBe('a');
    expect(second.followed.openedFor).toEqual(['a']);
  });

  it('forget a decision that was undone', () => {
    const task = opened();
    task.followed.promote('a');
    task.decide(10);
    task.models.mark();
    task.models.at(99);
    task.models.undo();
    task.followed.promote('b');
    turn(task);
    expect(task.told.at(-1)).toEqual({ model: ref('b'), fromMs: 11 });
  });

  it('believe no look that is older than they are where others share the tasks, and turn to nothing in a replay', () => {
    for (const rest of [{ firstLook: 3 }, { isFixed: true }]) {
      const task = opened(new MovingModels(), newProgress(), rest);
      task.followed.promote('a');
      task.decide(1);
      task.followed.current = { ...task.followed.current!, ref: ref('b') };
      turn(task);
      expect(task.decide(2)).toBe('a');
    }
  });

  it('name those that may still decide', () => {
    const task = opened();
    expect(task.models.inUse()).toEqual([]);
    task.followed.promote('a');
    task.decide(1);
    task.followed.promote('b');
    turn(task);
    expect(task.models.inUse()).toEqual(['digest-a', 'digest-b']);
    task.decide(2);
    turn(task);
    expect(task.models.inUse()).toEqual(['digest-b']);
  });
});

describe('a task that is computed again', () => {
  const ends: readonly TaskPosition[] = [{ topic: 'events', partition: 0, next: 7 }];
  const at =
    (next: number): (() => readonly TaskPosition[]) =>
    () => [{ topic: 'events', partition: 0, next }];

  it('turns to nothing before it has come to where it stood', () => {
    const progress = newProgress();
    const followed = new MovingModels();
    const task = opened(followed, progress);
    relive(progress, [{ model: ref('a'), fromMs: -Infinity }], ends);
    for (const name of ['a', 'b']) followed.promote(name);
    turn(task, at(0));
    expect(task.decide(1)).toBe('a');
    turn(task, at(6));
    expect(task.decide(2)).toBe('a');
    // Also after another crash on the way.
    const again = opened(followed, decodeProgress(encodeProgress(progress)));
    turn(again, at(6));
    expect(again.decide(3)).toBe('a');
    turn(again, at(7));
    expect(again.decide(4)).toBe('b');
    expect(again.progress.models!.reached).toBeUndefined();
  });

  /** What a task lives: decisions about event times, and moves of the alias, after which it may turn. */
  type Step = { readonly decideMs: number } | { readonly promote: string; readonly trainedUntilMs: number } | 'turn' | 'undone';
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 5, arbitrary: fc.record({ decideMs: fc.nat(100) }) },
    { weight: 2, arbitrary: fc.record({ promote: fc.constantFrom('a', 'b', 'c', 'd'), trainedUntilMs: fc.constantFrom(-Infinity, 0, 40, 90) }) },
    { weight: 2, arbitrary: fc.constant('turn' as const) },
    { weight: 1, arbitrary: fc.constant('undone' as const) },
  );

  it('decides as it did, whatever is current then, and wherever it was cut', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(60), (steps, cut) => {
        const lived = opened();
        const decisions: string[] = [];
        let committed: { readonly progress: Buffer; readonly decisions: number } | null = null;
        const trained = new Map<string, number>();
        for (const [nth, one] of steps.entries()) {
          if (nth === cut) committed = { progress: encodeProgress(lived.progress), decisions: decisions.length };
          if (one === 'turn') turn(lived);
          else if (one === 'undone') {
            lived.models.mark();
            lived.models.at(1_000);
            lived.models.undo();
            lived.told.push(...lived.models.tell().map(({ adoption }) => adoption));
          } else if ('promote' in one) {
            // What a model has seen does not change.
            trained.set(one.promote, trained.get(one.promote) ?? one.trainedUntilMs);
            lived.followed.promote(one.promote, trained.get(one.promote));
          } else decisions.push(lived.decide(one.decideMs));
        }
        const times = steps.flatMap((one) => (typeof one === 'object' && 'decideMs' in one ? [one.decideMs] : []));
        const alwaysOpen = new MovingModels();
        for (const name of ['a', 'b', 'c', 'd', 'z']) alwaysOpen.promote(name);
        const again = (progress: TaskProgress): Opened => {
          const task = opened(alwaysOpen, progress);
          relive(progress, lived.told, ends);
          return task;
        };
        const fresh = again(newProgress());
        if (lived.told.length > 0) {
          const relived = times.map((timeMs) => {
            turn(fresh, at(0));
            return fresh.decide(timeMs);
          });
          expect(relived).toEqual(decisions);
        }
        if (committed !== null && lived.told.length > 0) {
          const behind = again(decodeProgress(committed.progress));
          expect(times.slice(committed.decisions).map(behind.decide)).toEqual(decisions.slice(committed.decisions));
        }
      }),
      { numRuns: 500 },
    );
  });
});
