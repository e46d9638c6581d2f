/** A day whose data came late is made anew, compared and put into the place of what was told. */
import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { days, hours, sum, to, topology, tumbling, withValue, type Topology } from '../../../operators/index.js';
import { Deployment } from '../../../runtime/engine/deployment.js';
import { isMarker } from '../../../runtime/engine/header.js';
import { localPlacement } from '../../../runtime/engine/localPlacement.js';
import { decodeProgress } from '../../../runtime/engine/progress.js';
import { Worker } from '../../../runtime/engine/worker.js';
import { localRecords } from '../../../runtime/localTools.js';
import type { Placement, RemovingStorage } from '../../../runtime/ports.js';
import { beginReplay, keepReplay } from '../../../runtime/replay/beginning.js';
import { haveEnded } from '../../../runtime/replay/catchingUp.js';
import { differenceOf } from '../../../runtime/replay/difference.js';
import { drop } from '../../../runtime/replay/promotion.js';
import { promoteRange } from '../../../runtime/replay/rangePromotion.js';
import { ranged } from '../../../runtime/replay/ranged.js';
import { localReplays } from '../../../runtime/replay/replayPlace.js';
import type { EventRange, Replay } from '../../../runtime/replay/replayState.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import { LocalSchemaIds, SkillForgeError, schema, topic, topicCodec, topics, type LearnerId, type Topic } from '../../../schemas/index.js';
import { Shelves } from '../../reader/shelves.js';

const REGION = 'eu-west';
const DAY_MS = 86_400_000;
const FIRST = 16_000;
const RANGE: EventRange = { fromMs: (FIRST + 1) * DAY_MS, toMs: (FIRST + 2) * DAY_MS, readFromMs: (FIRST + 1) * DAY_MS - hours(1) };

const resultsOf = (cleanup: 'delete' | 'compact') =>
  topic({
    name: 'daily',
    keyFields: ['learner'],
    partitions: 2,
    derived: true,
    cleanup,
    schema: schema.record({ learner: schema.branded<LearnerId>(), dayStartMs: schema.long, clicks: schema.long }),
  });

const dailyClicks = (results: ReturnType<typeof resultsOf>): Topology =>
  topology('daily', { version: 1 }, ({ source }) => {
    source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs, latenessMs: hours(1) }).pipe(
      tumbling('by-day', { sizeMs: days(1), late: 'dead-letter' }, { clicks: sum((click) => click.personal.clicks) }),
      map((record) => withValue(record, { learner: record.key, dayStartMs: record.value.window.startMs, clicks: record.value.value.clicks })),
      to(results),
    );
  });

const click = (learner: string, day: number, clicks: number): object => ({
  eventId: `${learner}-${day}-${clicks}`,
  learner,
  course: 'c1',
  cohort: 'c1',
  occurredAtMs: (FIRST + day) * DAY_MS + 1000,
  region: REGION,
  personal: { action: 'VIEW', item: 'i1', clicks, dwellMs: 0 },
});

async function runLive(storage: RemovingStorage, declared: Topology): Promise<void> {
  const worker = new Worker([declared], storage, { region: REGION, mode: 'until-end' });
  await worker.start();
  await worker.run();
}

async function runRange(storage: RemovingStorage, declared: Topology): Promise<Replay> {
  const place = localReplays(storage, REGION);
  const shadow = await beginReplay(place, declared, RANGE);
  const placement = ranged(localPlacement(storage), new Deployment(declared, REGION, storage, { shadow }), RANGE);
  const worker = new Worker([declared], placement, { region: REGION, mode: 'end-of-input', shadow });
  await worker.start();
  await worker.run();
  const caughtUp: Replay = { ...shadow, status: 'caught-up' };
  await keepReplay(place, 'daily', caughtUp);
  return caughtUp;
}

/** `learner day clicks`, in the order of the log; a tombstone has no more than its learner. */
function told(storage: RemovingStorage, results: Topic<string, unknown>, name = `${REGION}.daily`): string[] {
  const codec = topicCodec(results, LocalSchemaIds.withAccepted());
  return [0, 1].flatMap((partition) =>
    [...localRecords(storage.log, name, partition)].flatMap(({ key, value, header }) => {
      if (key === null || isMarker(header)) return [];
      if (value === null) return [key.toString()];
      const { learner, dayStartMs, clicks } = codec.decode(key.toString(), value) as { learner: string; dayStartMs: number; clicks: number };
      return [`${learner} ${dayStartMs / DAY_MS - FIRST} ${clicks}`];
    }),
  );
}

describe('a replay of a day', () => {
  it.each(['delete', 'compact'] as const)('counts what came late, and corrects a topic of results with cleanup %s', async (cleanup) => {
    const storage = memoryStorage();
    const results = resultsOf(cleanup);
    const declared = dailyClicks(results);
    const shelves = new Shelves(storage.log);
    for (const day of [0, 1, 2, 3, 4]) await shelves.put(topics.clicks, click('ada', day, 1));
    for (const day of [0, 1, 2, 3]) await shelves.put(topics.clicks, click('bob', day, 1));
    // What ada did on day 1, told when day 4 has begun: too late for the live version.
    await shelves.put(topics.clicks, click('ada', 1, 10));
    await runLive(storage, declared);
    expect(told(storage, results).sort()).toEqual(['ada 0 1', 'ada 1 1', 'ada 2 1', 'bob 0 1', 'bob 1 1']);

    const replay = await runRange(storage, declared);
    const place = localReplays(storage, REGION);
    const codec = topicCodec(results as Topic<string, unknown>, LocalSchemaIds.withAccepted());
    const decoderOf = () => (key: string, value: Buffer) => codec.decode(key, value);
    const compare = async (): Promise<object> => (await differenceOf(place, replay, { topics: ['daily'], decoderOf, ignore: [], examples: 2 }))[0]!;
    // In a compacted topic, what ada did on day 2 has taken the place of day 1: that stands.
    const isHistory = cleanup === 'delete';
    expect(await compare()).toMatchObject({ same: 1, added: 0, removed: 0, changed: isHistory ? 1 : 0 });
    const request = { mostBehind: 0, force: false, nowMs: 1 };
    const running = { ...place, assertIdle: () => Promise.reject(new SkillForgeError('SFS_REPLAY_RUNNING', 'daily@1 still runs')) };
    // What it tells meanwhile of a key would be covered.
    if (!isHistory) await expect(promoteRange(running, replay, request, decoderOf)).rejects.toMatchObject({ code: 'SFS_REPLAY_RUNNING' });
    const corrected = await promoteRange(isHistory ? running : place, replay, request, decoderOf);
    expect(corrected).toEqual([{ topic: `${REGION}.daily`, appended: isHistory ? 1 : 0, left: 0 }]);
    expect(told(storage, results).filter((one) => one.startsWith('ada 1'))).toEqual(isHistory ? ['ada 1 1', 'ada 1 11'] : ['ada 1 1']);
    expect(await compare()).toMatchObject({ added: 0, removed: 0, changed: 0 });
    await drop(place, 'daily');
    expect(storage.log.topics().map(({ name }) => name)).not.toContain(`${REGION}.daily.v2`);
  });
});

describe('a replay of a day whose tasks are shared by processes', () => {
  const results = resultsOf('delete');
  const declared = dailyClicks(results);

  async function begun(
    elsewhere: readonly string[] = [],
  ): Promise<{ storage: MemoryStorage; shelves: Shelves; shadow: Replay; placement: Placement }> {
    const storage = memoryStorage();
    const shelves = new Shelves(storage.log);
    for (const day of [0, 1, 2, 3]) for (const learner of ['ada', 'bob']) await shelves.put(topics.clicks, click(learner, day, 1));
    for (const learner of elsewhere) await shelves.put(topics.clicks, click(learner, 3, 1));
    await runLive(storage, declared);
    const shadow = await beginReplay(localReplays(storage, REGION), declared, RANGE);
    const shared: Placement = { ...localPlacement(storage), isShared: true };
    const placement = ranged(shared, new Deployment(declared, REGION, storage, { shadow }), RANGE, shadow.ends);
    return { storage, shelves, shadow, placement };
  }

  it('comes to its end by itself, with what was there when it began', async () => {
    const { storage, shelves, shadow, placement } = await begun();
    await shelves.put(topics.clicks, click('ada', 1, 1_000));
    const place = localReplays(storage, REGION);
    const worker = new Worker([declared], placement, { region: REGION, mode: 'end-of-input', shadow, pollMs: 1 });
    await worker.start();
    expect(await haveEnded(place, shadow.graph)).toBe(false);
    const running = worker.run();
    await expect.poll(() => haveEnded(place, shadow.graph)).toBe(true);
    worker.stop();
    await running;
    expect(told(storage, results, `${REGION}.daily.v2`).sort()).toEqual(['ada 1 1', 'bob 1 1']);
  });

  it('is the only one that ends with its input there', async () => {
    const { placement } = await begun();
    for (const mode of ['end-of-input', 'until-end'] as const) {
      const worker = new Worker([declared], placement, { region: REGION, mode });
      await expect(worker.start()).rejects.toMatchObject({ code: 'SFS_RUN_MODE' });
    }
  });

  it('keeps how far it has looked, where nothing is of its time', async () => {
    const { storage, shelves, placement, shadow } = await begun(['cyd', 'cyd', 'cyd']);
    const worker = new Worker([declared], placement, { region: REGION, mode: 'end-of-input', shadow, limits: { maxRecords: 3 } });
    await worker.start();
    const { partition } = shelves.record(topics.clicks, click('cyd', 3, 1));
    const task = worker.runningTasks.find(({ parts }) => parts.partition === partition)!;
    for (let steps = 0; steps < 3; steps++) await task.step({ nowMs: 0, silence: () => 'wait' });
    const { channels, counters } = decodeProgress(storage.tasks.progress(task.name)!);
    expect([Object.values(channels).map(({ next }) => next), counters.records]).toEqual([[3], 0]);
  });
});
