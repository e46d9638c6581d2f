/** Tasks whose state goes back to an earlier commit while the log stays, as Redis does in a failover that loses writes. */
import fc from 'fast-check';
import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { aggregate, count, keyBy, merge, sum, to, topicSchema, topology, tumbling, withValue, type Records } from '../../../operators/index.js';
import { clockMarkers } from '../../../runtime/engine/clock.js';
import { readHeader } from '../../../runtime/engine/header.js';
import { localPlacement } from '../../../runtime/engine/localPlacement.js';
import type { Worker } from '../../../runtime/engine/worker.js';
import type { Placement, TaskCommit } from '../../../runtime/ports.js';
import { MemoryStorage } from '../../../runtime/testing/memoryStorage.js';
import { topic } from '../../../schemas/index.js';
import { event, events as allEvents, results, timed, toAsides, toResults, type Event } from '../../operators/pipelines.js';
import { controls, found, physical, record, send, settle, started, type Found } from './running.js';

const IDLE_MS = 1_000;
/** After everything else, in every partition: all that waits comes out. */
const LAST_MS = 500;

const partitions = 2;
const schema = topicSchema(allEvents);
const events = topic({ name: 'events', schema, keyFields: ['key'], partitions });
const others = topic({ name: 'others', schema, keyFields: ['key'], partitions });
const derived = topic({ name: 'derived', schema, keyFields: ['key'], partitions, derived: true });

const [DERIVED, RESULTS] = [derived, results].map(physical) as [string, string];
const INTERNAL = 'test.phases.v1.by-tag';

/** Keeps every commit of every task, so that a task can be set back to an earlier one. */
class GoingBack extends MemoryStorage {
  private readonly commits = new Map<string, TaskCommit[]>();

  override async commit(commit: TaskCommit): Promise<void> {
    await super.commit(commit);
    this.commits.set(commit.task, [...(this.commits.get(commit.task) ?? []), commit]);
  }

  /** Takes the last commits of the tasks of a topology back, and leaves the log as it is. */
  goBack(topologyId: string, by: number): void {
    for (const [task, commits] of this.commits) {
      if (!task.startsWith(`${topologyId}/`)) continue;
      const kept = commits.slice(0, Math.max(0, commits.length - by));
      this.tasks.remove(task);
      for (const commit of kept) this.tasks.apply(commit);
      this.commits.set(task, kept);
    }
  }

  /** As a cluster opens tasks where it finds that Redis went back. */
  behind(): Placement {
    const placement = localPlacement(this);
    return { ...placement, openTask: async (place) => ({ ...(await placement.openTask(place)), isBehind: true }) };
  }
}

const failing = map((one: { key: string; value: Event; timestamp: number }) => {
  if (one.value.tag === 'bad') throw new Error('not this one');
  return one;
});
const asEvent = map((one: { key: string; value: { value: { n: number } }; timestamp: number }) =>
  withValue(one, event(one.key, one.timestamp, { n: one.value.value.n, tag: 'window' })),
);

/** What it sends depends on order, watermarks and silence: single records, windows that timers close, late and failing records. */
const writer = topology('writer', { version: 1 }, ({ source }) => {
  const early = source(events, { ...timed, idleMs: IDLE_MS, latenessMs: 3 });
  const slow = source(others, { ...timed, idleMs: IDLE_MS, latenessMs: 8 });
  const both = merge('both', early, slow);
  const windows = both.pipe(tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }), asEvent);
  merge('written', both, windows as Records<string, Event>).pipe(to(derived));
  // What was sent before is undone then.
  toAsides(both.pipe(failing));
});
/** Each record changes what it says of its key: doubles and losses show, and the order does. */
const reader = topology('reader', { version: 1 }, ({ source }) => {
  source(derived, { idleMs: IDLE_MS, latenessMs: 20 }).pipe(aggregate('all', { count: count(), sum: sum(({ n }: Event) => n) }), toResults());
});

type Happening =
  | { readonly topic: 'events' | 'others'; readonly partition: 0 | 1; readonly atMs: number; readonly bad: boolean }
  | { readonly clockMs: number }
  | { readonly back: number; readonly maxRecords: number }
  | 'time passes';

const sent = fc.record({
  topic: fc.constantFrom('events' as const, 'others' as const),
  partition: fc.constantFrom(0 as const, 1 as const),
  atMs: fc.nat(60),
  bad: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
});
const clock = fc.record({ clockMs: fc.nat(60) });
const goingBack = fc.record({ back: fc.nat(6), maxRecords: fc.constantFrom(1, 3, 5_000) });

interface Life {
  readonly storage: GoingBack;
  readonly worker: Worker;
}

const atMs = (topic: 'events' | 'others', ms: number, bad = false): Happening => ({ topic, partition: 0, atMs: ms, bad });
/** Surely has something repeated: windows are closed and sent, and then the commits of that are taken back. What is drawn at random may have none. */
const surelyRepeats: Happening[] = [
  ...([5, 6, 31, 40, 45] as const).flatMap((ms) => [atMs('events', ms), atMs('others', ms)]),
  { clockMs: 50 },
  { back: 4, maxRecords: 3 },
  atMs('events', 55),
];

/** Lives through it, at rest after each happening. Where tasks go back the process starts anew, in the undisturbed life too. */
async function live(happenings: readonly Happening[], topologies: Parameters<typeof started>[1], backIds: readonly string[]): Promise<Life> {
  const storage = new GoingBack({ now: () => 0 });
  let worker = await started(storage, topologies, { mode: 'follow', limits: { markerMs: 10, maxRecords: 2 } });
  let nowMs = 0;
  let nth = 0;
  await settle(worker, nowMs);
  for (const one of [...happenings, { clockMs: LAST_MS }]) {
    if (one === 'time passes') nowMs += IDLE_MS;
    else if ('back' in one) {
      for (const id of backIds) storage.goBack(id, one.back);
      worker = await started(backIds.length > 0 ? storage.behind() : storage, topologies, {
        mode: 'follow',
        limits: { markerMs: 10, maxRecords: one.maxRecords },
      });
    } else if ('clockMs' in one) {
      for (const of of [events, others]) await storage.log.append(clockMarkers(physical(of), partitions, one.clockMs));
    } else {
      const tag = one.bad ? 'bad' : `t${nth % 3}`;
      await send(
        storage,
        record(one.topic === 'events' ? events : others, event(`k${one.partition}`, one.atMs, { n: 2 ** (nth++ % 20), tag }), one.partition),
      );
    }
    await settle(worker, nowMs);
  }
  return { storage, worker };
}

const byKey = (storage: MemoryStorage): Found[] => found(storage).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
/** {@link byKey} of a log that holds results a second time: the first of each alone. */
const newest = (storage: MemoryStorage): string[] => [...new Set(byKey(storage).map((one) => JSON.stringify(one)))];
/** How many records lie in the log again under the number that they had; which of them are not the same, and which numbers are missing. */
function repeatsIn({ log }: MemoryStorage, name: string): { readonly all: number; readonly wrong: readonly string[] } {
  const firsts = new Map<string, string>();
  const wrong: string[] = [];
  let all = 0;
  const spec = log.topics().find((one) => one.name === name)!;
  for (let partition = 0; partition < spec.partitions; partition++) {
    for (const { key, value, header } of log.read(name, partition, 0, Infinity)) {
      const { marker, sequence, producer } = readHeader(header)!;
      if (marker) continue;
      const id = `${partition} ${producer.partition} ${sequence}`;
      const content = [key, value, header].map((bytes) => bytes?.toString('latin1')).join(' ');
      if (firsts.has(id)) all++;
      else if (sequence > 1 && !firsts.has(`${partition} ${producer.partition} ${sequence - 1}`)) wrong.push(`gap before ${id}`);
      if (firsts.has(id) && firsts.get(id) !== content) wrong.push(id);
      firsts.set(id, content);
    }
  }
  return { all, wrong };
}
const repeatedIn = (worker: Worker): number => worker.runningTasks.reduce((total, { progress }) => total + progress.counters.repeated, 0);

describe('a task whose state goes back', () => {
  it('sends its outputs a second time, and who reads them takes each once', async () => {
    const before = [atMs('events', 5), atMs('others', 5), atMs('events', 6, true), atMs('events', 31), atMs('others', 40), atMs('events', 45)];
    const after = [atMs('others', 60), atMs('events', 70)];
    const happenings: Happening[] = [...before, { back: 4, maxRecords: 5_000 }, ...after];
    const calm = await live(happenings, [writer, reader], []);
    const disturbed = await live(happenings, [writer, reader], ['writer@1']);
    expect(byKey(calm.storage).length).toBeGreaterThan(5);
    expect(byKey(disturbed.storage)).toEqual(byKey(calm.storage));
    const { all, wrong } = repeatsIn(disturbed.storage, DERIVED);
    expect([wrong, repeatsIn(calm.storage, DERIVED).all, all > 0]).toEqual([[], 0, true]);
    expect([repeatedIn(calm.worker), repeatedIn(disturbed.worker)]).toEqual([0, all]);
  });

  it.each([1, 2, 3, 4])('repeats what it decided about silent partitions in its last %i commits, though they have spoken since', async (back) => {
    const happenings: Happening[] = [
      atMs('others', 4),
      atMs('events', 5),
      atMs('events', 30),
      'time passes',
      atMs('events', 31),
      atMs('others', 6),
      atMs('others', 7),
      atMs('events', 55),
      { back, maxRecords: 5_000 },
      atMs('events', 90),
      atMs('others', 91),
    ];
    const calm = await live(happenings, [writer, reader], []);
    const disturbed = await live(happenings, [writer, reader], ['writer@1']);
    const decided = (life: Life) => controls(life.storage).filter(({ topology: of }) => of === 'writer');
    expect(decided(calm).length).toBeGreaterThan(2);
    expect(decided(disturbed)).toEqual(decided(calm));
    const counted = (life: Life) => life.worker.runningTasks.filter(({ name }) => name.startsWith('writer@')).map(({ progress }) => progress.decided);
    expect(counted(calm).reduce((a, b) => a + b)).toBe(decided(calm).length);
    expect(counted(disturbed)).toEqual(counted(calm));
    expect(byKey(disturbed.storage)).toEqual(byKey(calm.storage));
    expect(repeatsIn(disturbed.storage, DERIVED)).toEqual({ all: repeatedIn(disturbed.worker), wrong: [] });
    expect(repeatedIn(disturbed.worker)).toBeGreaterThan(0);
  });

  it(
    'leaves its readers what an undisturbed one does, whatever came when, how far it goes back and how its commits are cut',
    { timeout: 120_000 },
    async () => {
      const happening = fc.oneof(
        { weight: 5, arbitrary: sent },
        { weight: 1, arbitrary: clock },
        { weight: 1, arbitrary: goingBack },
        { weight: 2, arbitrary: fc.constant('time passes' as const) },
      );
      let repeated = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(happening, { maxLength: 30 }), async (happenings) => {
          const calm = await live(happenings, [writer, reader], []);
          const disturbed = await live(happenings, [writer, reader], ['writer@1']);
          repeated += repeatedIn(disturbed.worker);
          expect(byKey(disturbed.storage)).toEqual(byKey(calm.storage));
          expect(repeatsIn(disturbed.storage, DERIVED)).toEqual({ all: repeatedIn(disturbed.worker), wrong: [] });
        }),
        { numRuns: 40, examples: [[surelyRepeats]] },
      );
      expect(repeated).toBeGreaterThan(0);
    },
  );
});

/** Two phases and a reader: all of their tasks go back, each to a commit of its own. */
const phases = topology('phases', { version: 1 }, ({ source }) => {
  merge('both', source(events, { ...timed, latenessMs: 3 }), source(others, { ...timed, latenessMs: 8 })).pipe(
    keyBy('by-tag', { key: ({ tag }) => tag, value: topicSchema(events) }),
    failing,
    tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }),
    asEvent,
    to(derived),
  );
});
const windows = topology('windows', { version: 1 }, ({ source }) => {
  source(derived).pipe(tumbling('window', { sizeMs: 20, late: 'dead-letter' }, { n: sum(({ n }: Event) => n) }), toResults());
});

describe('tasks that read each other and all go back', () => {
  it('leave what undisturbed ones do', { timeout: 120_000 }, async () => {
    const happening = fc.oneof({ weight: 5, arbitrary: sent }, { weight: 2, arbitrary: clock }, { weight: 1, arbitrary: goingBack });
    let repeated = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 30 }), async (happenings) => {
        const calm = await live(happenings, [phases, windows], []);
        const disturbed = await live(happenings, [phases, windows], ['phases@1', 'windows@1']);
        repeated += repeatedIn(disturbed.worker);
        expect(newest(disturbed.storage)).toEqual(newest(calm.storage));
        for (const name of [INTERNAL, DERIVED, RESULTS]) expect(repeatsIn(disturbed.storage, name).wrong).toEqual([]);
      }),
      { numRuns: 30, examples: [[surelyRepeats]] },
    );
    expect(repeated).toBeGreaterThan(0);
  });
});
