/** A replay on Kafka and Redis beside a live version that runs: plan, run, diff, promote, undo, drop; then one of a day whose data came late. */
import { map } from 'rxjs';
import { describe, expect, it, type TestContext } from 'vitest';
import { days, count, hours, sum, to, topology, tumbling, withValue, type Topology } from '../../../operators/index.js';
import { partitionOf } from '../../../schemas/partitioner.js';
import { Worker } from '../../../runtime/engine/worker.js';
import type { OutputRecord } from '../../../runtime/ports.js';
import { clusterReplays } from '../../../runtime/cluster/clusterReplays.js';
import { beginReplay, prepareReplay } from '../../../runtime/replay/beginning.js';
import { differenceOf, differingShare } from '../../../runtime/replay/difference.js';
import { recordsBehind } from '../../../runtime/replay/positions.js';
import { drop, promote, undoPromotion } from '../../../runtime/replay/promotion.js';
import { promoteRange } from '../../../runtime/replay/rangePromotion.js';
import { liveVersion, replayState } from '../../../runtime/replay/replayState.js';
import { openServers, type ServerOptions, type Servers } from '../../../scripts/commands/serverOptions.js';
import { runReplayOnCluster } from '../../../scripts/commands/replayClusterRun.js';
import { ServersConsole } from '../../../scripts/serving/serversConsole.js';
import { describe as graphOf } from '../../../operators/graph.js';
import {
  LocalSchemaIds,
  cohortId,
  courseId,
  itemId,
  learnerId,
  schema,
  topic,
  topicCodec,
  topics,
  type LearnerId,
  type Topic,
} from '../../../schemas/index.js';
import { newRegion } from '../cluster/replica.js';
import { SERVER_START_MS, sharedKafka, sharedRedis } from '../servers.js';

const DAY_MS = 86_400_000;
const DEADLINE_MS = 300_000;
const ids = LocalSchemaIds.withAccepted();

const daily = topic({
  name: 'daily',
  keyFields: ['learner'],
  partitions: 12,
  derived: true,
  schema: schema.record({ learner: schema.branded<LearnerId>(), dayStartMs: schema.long, clicks: schema.long }),
});

/** Clicks by day; version 2 counts one more for one learner. */
const dailyClicks = (version: number): Topology =>
  topology('daily-clicks', { version }, ({ source }) => {
    source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs, latenessMs: hours(1) }).pipe(
      tumbling('by-day', { sizeMs: days(1), late: 'dead-letter' }, { events: count(), clicks: sum((click) => click.personal.clicks) }),
      map((record) => {
        const { window, value } = record.value;
        const more = version > 1 && record.key === 'learner-3' ? 1 : 0;
        return withValue(record, { learner: record.key, dayStartMs: window.startMs, clicks: value.clicks + more });
      }),
      to(daily),
    );
  });

/** A click of the second day comes when all is over: that day is made anew, and no other. */
async function correctedDay(servers: Servers, options: ServerOptions, topology: Topology): Promise<void> {
  const place = await clusterReplays(servers, options.region);
  const dayMs = 101 * DAY_MS;
  const late = clicksOf(options.region, 101, 101).slice(5, 6);
  await servers.cluster.log.append(late);
  const range = { fromMs: dayMs, toMs: dayMs + DAY_MS, readFromMs: dayMs - DAY_MS };
  const replay = await beginReplay(place, topology, range);
  // It is not there for a replay that had begun.
  await servers.cluster.log.append(late);
  const run = { ...options, data: '', rate: 5_000, check: true, json: true } as const;
  expect(await runReplayOnCluster(place, servers, { topology, replay, options: run })).toMatchObject({ replay: 'daily-clicks@3', caughtUp: true });
  const codec = topicCodec(daily as Topic<string, unknown>, ids);
  const decoderOf = () => (key: string, value: Buffer) => codec.decode(key, value);
  const compared = async (): Promise<unknown> => (await differenceOf(place, replay, { topics: ['daily'], decoderOf, ignore: [], examples: 1 }))[0];
  expect(await compared()).toMatchObject({ same: 11, added: 0, removed: 0, changed: 1, examples: [{ live: { clicks: 6 }, shadow: { clicks: 12 } }] });
  const caughtUp = replayState(place.documents, 'daily-clicks').replay!;
  const corrected = await promoteRange(place, caughtUp, { mostBehind: 0, force: false, nowMs: 3 }, decoderOf);
  expect(corrected).toEqual([{ topic: `${options.region}.daily.v2`, appended: 1, left: 0 }]);
  expect(await compared()).toMatchObject({ same: 12, changed: 0 });
  expect((await drop(place, 'daily-clicks')).topics).toContain(`${options.region}.daily.v3`);
}

/** One click of each of 12 learners a day. */
function clicksOf(region: string, firstDay: number, lastDay: number): OutputRecord[] {
  const codec = topicCodec(topics.clicks as Topic<string, unknown>, ids);
  const records: OutputRecord[] = [];
  for (let day = firstDay; day <= lastDay; day++) {
    for (let at = 0; at < 12; at++) {
      const learner = learnerId(`learner-${at}`);
      const value = {
        eventId: `${learner}-${day}`,
        learner,
        course: courseId('AAA-2014J'),
        cohort: cohortId('AAA-2014J'),
        occurredAtMs: day * DAY_MS + 1000,
        region,
        personal: { action: 'VIEW', item: itemId('item-1'), clicks: at + 1, dwellMs: 0 },
      };
      const key = Buffer.from(learner);
      records.push({ topic: `${region}.clicks`, partition: partitionOf(key, 12), key, value: codec.encode(learner, value), header: null });
    }
  }
  return records;
}

/** What the page of a reader beside them shows, from Kafka and Redis alone. */
async function sameOnThePage(options: ServerOptions, context: TestContext): Promise<void> {
  const page = new ServersConsole(options, DEADLINE_MS);
  context.onTestFinished(() => page.close());
  const { overview, replays, difference, deadLetters } = page.source;
  const { topologies, topics: shown } = await overview();
  expect(topologies).toMatchObject([{ id: 'daily-clicks@1', tasks: 12, lag: 0, deadLetters: 0, parts: [{ tasks: 12, slowest: null }] }]);
  expect(shown).toMatchObject([
    { name: 'clicks', appended: 120, lag: 0 },
    { name: 'daily', lag: null },
  ]);
  const [replay] = (await replays()).replays;
  expect(replay).toMatchObject({ replay: 'daily-clicks@2', live: 'daily-clicks@1', status: 'caught-up', records: 120, taken: 120, behind: 0 });
  expect(await difference('daily-clicks')).toMatchObject({ topics: [{ topic: 'daily', same: 88, changed: 8 }] });
  expect(await deadLetters()).toEqual({ total: 0, sentBack: 0, byCode: [], letters: [] });
}

describe('a replay on servers', { timeout: SERVER_START_MS + DEADLINE_MS }, () => {
  it('runs beside the live version, is compared, promoted, taken back and dropped', async (context) => {
    const region = newRegion();
    const options: ServerOptions = {
      region,
      kafka: await sharedKafka(context),
      redis: await sharedRedis(context),
      driver: 'confluent',
      replication: 1,
    };
    const servers = await openServers(options);
    context.onTestFinished(() => servers.close());
    const place = await clusterReplays(servers, region);
    const live = new Worker([dailyClicks(1)], servers.cluster, { region, mode: 'follow' });
    await live.start();
    const running = live.run();
    await servers.cluster.log.append(clicksOf(region, 100, 109));

    expect((await prepareReplay(place, dailyClicks(2))).isNew).toBe(true);
    const replay = await beginReplay(place, dailyClicks(2));
    const request = { mostBehind: 0, force: false, nowMs: 1 };
    await expect(promote(place, 'daily-clicks', request)).rejects.toMatchObject({ code: 'SFS_REPLAY_BEHIND' });
    const shadowServers = await openServers(options);
    context.onTestFinished(() => shadowServers.close());
    const run = { ...options, data: '', rate: 5_000, check: true, json: true } as const;
    const summary = await runReplayOnCluster(place, shadowServers, { topology: dailyClicks(2), replay, options: run });
    expect(summary).toMatchObject({ replay: 'daily-clicks@2', caughtUp: true });

    const liveGraph = graphOf(dailyClicks(1));
    const codec = topicCodec(daily as Topic<string, unknown>, ids);
    // The live version may still have something to do.
    await expect.poll(() => recordsBehind(place, liveGraph, replay.graph), { timeout: DEADLINE_MS }).toBe(0);
    const [difference] = await differenceOf(place, replayState(place.documents, 'daily-clicks').replay!, {
      topics: ['daily'],
      decoderOf: () => (key, value) => codec.decode(key, value),
      ignore: [],
      examples: 1,
    });
    expect(difference).toMatchObject({ same: 88, added: 0, removed: 0, changed: 8, examples: [{ key: 'learner-3', fields: ['clicks'] }] });
    expect(differingShare([difference!])).toBeCloseTo(8 / 96);
    await sameOnThePage(options, context);

    expect((await promote(place, 'daily-clicks', request)).pointers).toEqual([{ topic: 'daily', serve: 'daily.v2' }]);
    expect(liveVersion(place.documents, 'daily-clicks')).toEqual({ number: 2, declared: 2, outputs: 2 });
    await expect(drop(place, 'daily-clicks')).rejects.toMatchObject({ code: 'SFS_REPLAY_RUNNING' });
    expect(await undoPromotion(place, 'daily-clicks', 2)).toMatchObject({ to: { number: 1, outputs: null } });
    await promote(place, 'daily-clicks', request);
    live.stop();
    await running;
    const dropped = await drop(place, 'daily-clicks');
    expect(dropped.topics).toContain(`${region}.daily`);
    // The client of the place asks for topics that it has asked for before, too.
    const admin = await servers.broker.admin();
    await expect.poll(async () => (await admin.topics()).map(({ name }) => name), { timeout: DEADLINE_MS }).not.toContain(`${region}.daily`);
    expect((await servers.state.tasks()).filter((task) => task.startsWith('daily-clicks@1/'))).toEqual([]);

    // A client that knows nothing of the topics that are gone.
    const dayServers = await openServers(options);
    context.onTestFinished(() => dayServers.close());
    await correctedDay(dayServers, options, dailyClicks(2));
  });
});
