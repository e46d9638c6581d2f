/** Random commits, crashes between any two calls, zombies and lost writes, against a model in memory. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomId, type ClaimedTask, type RedisState, type TaskBatch } from '../../../runtime/redis/index.js';
import type { QueueWrite, StateWrite } from '../../../runtime/ports.js';
import { codeOf, manyPuts, TASK } from './batches.js';
import { RawCalls } from './rawCalls.js';
import { RedisUnderTest, rollBack, save, SLOW_MS } from './server.js';

const redis = new RedisUnderTest('single');

/** Examples; `SKILLFORGE_RUNS=500 npx vitest run test/integration/redis/model.test.ts` is a long run. */
const RUNS = Number(process.env['SKILLFORGE_RUNS'] ?? 10);

/** Where the worker dies, its transaction committed from 'committed' on; `null` where it does not. */
type Death = 'staged' | 'committed' | 'applied in part' | 'applied' | null;

type Step =
  | {
      readonly kind: 'commit';
      readonly state: readonly StateWrite[];
      readonly queue: readonly QueueWrite[];
      readonly large: boolean;
      readonly death: Death;
    }
  | { readonly kind: 'claim' | 'zombie' | 'save' | 'roll back' };

const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array));
const orNone = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 4 });
const stateWrite: fc.Arbitrary<StateWrite> = fc.record({
  store: fc.constantFrom('a', 'b'),
  key: fc.constantFrom('', 'k', 'l\0', 'ü'),
  value: orNone(bytes),
});
const queueWrite: fc.Arbitrary<QueueWrite> = fc.record({
  queue: fc.constantFrom('q', 'r'),
  timeMs: fc.integer({ min: -2, max: 2 }),
  tiebreak: fc.constantFrom('', 'x'),
  payload: orNone(bytes),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      state: fc.array(stateWrite, { maxLength: 6 }),
      queue: fc.array(queueWrite, { maxLength: 6 }),
      large: fc.boolean(),
      death: orNone(fc.constantFrom('staged' as const, 'committed' as const, 'applied in part' as const, 'applied' as const)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('claim' as const, 'zombie' as const, 'save' as const) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'roll back' as const }) },
);

/** What a task holds after one batch. */
interface Contents {
  readonly rows: ReadonlyMap<string, Buffer>;
  readonly timers: ReadonlyMap<string, Buffer>;
}

function after({ rows, timers }: Contents, batch: TaskBatch): Contents {
  const changed = { rows: new Map(rows), timers: new Map(timers) };
  const write = (map: Map<string, Buffer>, place: unknown[], value: Buffer | null): void => {
    if (value === null) map.delete(JSON.stringify(place));
    else map.set(JSON.stringify(place), value);
  };
  for (const { store, key, value } of batch.state) write(changed.rows, [store, key], value);
  for (const { queue, timeMs, tiebreak, payload } of batch.queue) write(changed.timers, [timeMs, queue, tiebreak], payload);
  return changed;
}

async function contentsOf(task: ClaimedTask): Promise<Contents> {
  const rows = new Map<string, Buffer>();
  for (const store of ['a', 'b', 'counts']) for await (const { key, value } of task.scan(store)) rows.set(JSON.stringify([store, key]), value);
  const timers = (await task.queueHead(1_000)).map(
    ({ queue, timeMs, tiebreak, payload }) => [JSON.stringify([timeMs, queue, tiebreak]), payload] as const,
  );
  return { rows, timers: new Map(timers) };
}

/** A worker, its Kafka, and what the model says that every batch left. */
class Run {
  private readonly contents = new Map<string, Contents>([['', { rows: new Map(), timers: new Map() }]]);
  private committed: string | null = null;
  private current = '';
  private task!: ClaimedTask;
  private readonly zombies: ClaimedTask[] = [];
  /** Redis went back since the last claim, or Kafka is ahead of it since one. */
  private wentBack = false;

  private constructor(
    private readonly state: RedisState,
    private readonly region: string,
  ) {}

  static async begin(): Promise<Run> {
    const region = redis.freshRegion();
    const run = new Run(await redis.open({ region }), region);
    await save(redis.client());
    await run.claim();
    return run;
  }

  async claim(): Promise<void> {
    this.task = await this.state.claim(TASK);
    const { standing, progress } = await this.task.recover(this.committed);
    const at = progress === null ? '' : String(progress);
    if (!this.wentBack) expect([standing, at]).toEqual([this.committed === null ? 'new' : 'current', this.committed ?? '']);
    else expect(standing).toBe(at === (this.committed ?? '') ? (at === '' ? 'new' : 'current') : 'behind');
    this.wentBack = standing === 'behind';
    this.current = at;
    await this.compare();
  }

  async compare(): Promise<void> {
    expect(await contentsOf(this.task)).toEqual(this.contents.get(this.current));
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'commit') return this.commit(step);
    if (step.kind === 'claim') return this.die();
    if (step.kind === 'save') return save(redis.client());
    if (step.kind === 'zombie') return this.wake();
    await rollBack(redis.server);
    this.wentBack = true;
    await this.die();
  }

  private async commit({ state, queue, large, death }: Step & { kind: 'commit' }): Promise<void> {
    const id = randomId();
    const batch: TaskBatch = { id, state: large ? [...manyPuts(700, id), ...state] : state, queue, progress: Buffer.from(id) };
    this.contents.set(id, after(this.contents.get(this.current)!, batch));
    await this.task.stage(batch);
    if (death === 'staged') return this.die();
    this.committed = id;
    this.wentBack = false;
    if (death === 'committed') return this.die();
    if (death === 'applied in part') {
      await (await RawCalls.ofHolder(redis.client(), this.region)).apply(batch, 0);
      return this.die();
    }
    await this.task.apply(id);
    this.current = id;
    if (death === 'applied') return this.die();
    await this.compare();
  }

  private die(): Promise<void> {
    this.zombies.push(this.task);
    return this.claim();
  }

  /** Workers that were taken for dead go on. */
  private async wake(): Promise<void> {
    for (const zombie of this.zombies) {
      const batch = { id: randomId(), state: manyPuts(3, 'zombie'), queue: [], progress: Buffer.from('zombie') };
      for (const call of [zombie.queueHead(1), zombie.stage(batch), zombie.commit(batch)]) {
        expect(['SFS_FENCED', 'SFS_STATE_BEHIND']).toContain(await codeOf(call));
      }
    }
    await this.compare();
  }
}

describe('a task', () => {
  it(
    'has the state of one batch, whatever happens, and of the committed one unless Redis lost it',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
          const run = await Run.begin();
          for (const one of steps) await run.take(one);
        }),
        { numRuns: RUNS },
      );
    },
    SLOW_MS + RUNS * 5_000,
  );
});
