/** What the page shows of dead letters, replays and models, from what runs have left. */
import { setTimeout as sleep } from 'node:timers/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRegistry, type ModelRegistry } from '../../../runtime/models/registry/index.js';
import { localTools } from '../../../runtime/localTools.js';
import type { ToolAccess } from '../../../runtime/ports.js';
import { readDeadLetters, replayDeadLetters } from '../../../runtime/deadLetters.js';
import { localReplays } from '../../../runtime/replay/replayPlace.js';
import { drop } from '../../../runtime/replay/promotion.js';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { SkillForgeError } from '../../../schemas/index.js';
import { gateTags } from '../../../scripts/models/gates/runGates.js';
import { DeadLetterTally } from '../../../scripts/serving/deadLetterTally.js';
import { ModelFigures } from '../../../scripts/serving/modelFigures.js';
import { ServersConsole } from '../../../scripts/serving/serversConsole.js';
import { ReplayFigures } from '../../../scripts/serving/replayFigures.js';
import { BUNDLE, RETRIEVAL } from '../../runtime/models/fixture.js';
import { REGION, School, learnerName } from '../../reader/page/school.js';

/** All twelve learners have a click in the hour after the one that is counted. */
const CLICKS = 73;

let school: School;
beforeAll(async () => {
  school = await School.open(1);
  await school.run();
  await school.click(CLICKS);
  await school.counted(12);
});
afterAll(() => school.close());

describe('dead letters', () => {
  it('are counted by code and told newest first, and later only what is new is read', async () => {
    const { storage } = school;
    const tools = localTools(storage);
    let reads = 0;
    const counting: ToolAccess = { ...tools, records: (...args) => (reads++, tools.records(...args)) };
    const tally = new DeadLetterTally(counting, REGION);
    expect(await tally.read()).toEqual({ total: 0, sentBack: 0, byCode: [], letters: [] });
    await school.garble(learnerName(1));
    await expect.poll(async () => (await tally.read()).total).toBe(1);
    const { byCode, letters } = await tally.read();
    expect(byCode).toEqual([{ code: 'SFS_WIRE_FORMAT', count: 1 }]);
    expect(letters).toEqual([
      {
        id: expect.stringMatching(/^eu-west\.clicks\/\d+\/\d+\/clicks-per-hour\//) as string,
        ...{ code: 'SFS_WIRE_FORMAT', topology: 'clicks-per-hour@1', stage: null, sourceTopic: 'eu-west.clicks', eventTimeMs: null },
        ...{ writtenAtMs: expect.any(Number) as number, sentBackAtMs: null, key: learnerName(1), reason: expect.any(String) as string },
      },
    ]);
    expect(JSON.stringify(letters)).not.toContain('no click');
    reads = 0;
    expect((await tally.read()).total).toBe(1);
    expect(reads).toBe(0);
    await replayDeadLetters(storage, readDeadLetters(storage, REGION), { region: REGION });
    // Sent back it is refused again.
    await expect.poll(async () => (await tally.read()).total).toBe(2);
    const after = await tally.read();
    expect([after.sentBack, after.letters.map(({ sentBackAtMs }) => sentBackAtMs !== null)]).toEqual([1, [false, true]]);
  });

  it('of a region that has none are none', async () => {
    expect(await new DeadLetterTally(localTools(memoryStorage()), REGION).read()).toEqual({ total: 0, sentBack: 0, byCode: [], letters: [] });
  });
});

describe('replays', () => {
  it('tell how far they are, at which pace, and how their results differ; nothing when they are dropped', async () => {
    let nowMs = 0;
    const view = localReplays(school.storage, REGION);
    const figures = new ReplayFigures(view, { now: () => nowMs, wallMs: () => 5 });
    expect([await figures.replays(), await figures.difference('clicks-per-hour')]).toEqual([{ replays: [] }, null]);
    await school.replay();
    nowMs = 1000;
    const [replay] = (await figures.replays()).replays;
    expect(replay).toMatchObject({
      topology: 'clicks-per-hour',
      replay: 'clicks-per-hour@2',
      live: 'clicks-per-hour@1',
      status: 'caught-up',
      range: null,
    });
    expect(replay).toMatchObject({ behind: 0, results: [{ live: 'hours-of-clicks', shadow: 'hours-of-clicks.v2' }], recordsPerSecond: null });
    expect([replay!.taken, replay!.records]).toEqual([replay!.records, replay!.records]);
    expect(replay!.records).toBeGreaterThanOrEqual(CLICKS);

    await school.click(7);
    await expect.poll(async () => ((nowMs += 1000), (await figures.replays()).replays[0]!.behind)).toBe(7);
    const later = (await figures.replays()).replays[0]!;
    expect([later.records - later.taken, later.recordsPerSecond, later.remainingSeconds]).toEqual([7, 0, null]);

    const found = await figures.difference('clicks-per-hour');
    expect(found).toMatchObject({ replay: 'clicks-per-hour@2', live: 'clicks-per-hour@1', comparedAtMs: 5, ignored: ['topologyVersion'] });
    expect(found!.share).toBeCloseTo(2 / 12, 10);
    const [topic] = found!.topics;
    expect(topic).toMatchObject({ topic: 'hours-of-clicks', same: 10, added: 0, removed: 1, changed: 1 });
    const examples = topic!.examples.map(({ kind, key, fields }) => [kind, key, fields.join()]).sort();
    expect(examples).toEqual([
      ['changed', learnerName(5), 'events'],
      ['removed', learnerName(3), ''],
    ]);
    // What was compared a moment ago is not compared again.
    expect(await figures.difference('clicks-per-hour')).toBe(found);
    nowMs += 60_000;
    expect(await figures.difference('clicks-per-hour')).not.toBe(found);

    await drop(view, 'clicks-per-hour');
    nowMs += 60_000;
    expect([await figures.replays(), await figures.difference('clicks-per-hour')]).toEqual([{ replays: [] }, null]);
  });
});

describe('models', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sfs-registry-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('are those of the registry, with what their gates said and who moved the aliases', async () => {
    const registry = openRegistry(folder);
    let nowMs = 0;
    const figures = new ModelFigures({ registry, ranking: 'the formula', now: () => nowMs });
    expect(await figures.models()).toEqual({ ranking: 'the formula', trouble: null, versions: [], moves: [] });
    const { number, bundleVersion } = await registry.register(RETRIEVAL, { trained_until_ms: '1000' });
    await registry.register(BUNDLE, {});
    const checks = [{ name: 'latency', status: 'failed', value: 12.34567, bound: 10, reason: 'too slow' }] as const;
    await registry.tag(number, gateTags({ number, bundleVersion, status: 'failed', atMs: 77, champion: null, checks }));
    await registry.move('staging', number, { by: 'ann', reason: 'to try', atMs: 1 });
    await registry.move('production', '2', { by: 'ben', reason: null, atMs: 2 });
    expect((await figures.models()).versions).toEqual([]);
    nowMs = 5_000;
    const { versions, moves } = await figures.models();
    expect(versions.map((one) => [one.number, one.aliases, one.trainedUntilMs, one.gates])).toEqual([
      ['2', ['production'], null, null],
      [
        '1',
        ['staging'],
        1000,
        {
          ...{ status: 'failed', atMs: 77, champion: null },
          checks: [{ name: 'latency', status: 'failed', value: '12.35', bound: '10', reason: 'too slow' }],
        },
      ],
    ]);
    expect(moves).toEqual([
      { alias: 'production', from: null, to: '2', atMs: 2, by: 'ben', reason: null },
      { alias: 'staging', from: null, to: '1', atMs: 1, by: 'ann', reason: 'to try' },
    ]);
  });

  it('stay as they were last told while the registry is away, or silent, and say so', async () => {
    const known = openRegistry(folder);
    let nowMs = 0;
    let state: 'well' | 'away' | 'silent' = 'well';
    const registry: ModelRegistry = Object.assign(Object.create(known) as ModelRegistry, {
      versions: async () => {
        if (state === 'away') throw new SkillForgeError('SFS_MODEL_REGISTRY', 'nobody there', { retriable: true });
        if (state === 'silent') await sleep(60_000, undefined, { ref: false });
        return known.versions();
      },
    });
    const figures = new ModelFigures({ registry, now: () => nowMs, patienceMs: 50 });
    const told = async (): Promise<[string | null, number]> => {
      nowMs += 5_000;
      const { trouble, versions } = await figures.models();
      return [trouble, versions.length];
    };
    expect(await told()).toEqual([null, 2]);
    state = 'away';
    expect(await told()).toEqual(['SFS_MODEL_REGISTRY', 2]);
    state = 'well';
    expect(await told()).toEqual([null, 2]);
    state = 'silent';
    expect(await told()).toEqual(['SFS_MODEL_REGISTRY', 2]);
  });
});

it('servers that nobody answers for are told of, and the page goes on', { timeout: 60_000 }, async () => {
  const nowhere = {
    region: REGION,
    kafka: '127.0.0.1:1',
    redis: 'redis://127.0.0.1:1',
    driver: 'kafkajs',
    allowUnsafeProducer: true,
    replication: 1,
  } as const;
  const shown = new ServersConsole(nowhere, 500);
  const absent = expect.stringMatching(/^Not to be had now: Kafka is away \(.+\), Redis is away \(.+\)\.$/) as string;
  const why = { absent, away: ['kafka', 'redis'] };
  const { overview, learner, trend, decisions, replays, difference, deadLetters } = shown.source;
  expect(await overview()).toEqual({ topologies: [], topics: [], ...why });
  expect(await learner('ada')).toEqual({ learner: 'ada', context: null, engagement: null, mastery: null, ...why });
  expect(await trend('c')).toEqual({ cohort: 'c', trend: null, ...why });
  expect(await decisions('ada')).toEqual({ learner: 'ada', decisions: [], logged: [], ...why });
  expect(await replays()).toEqual({ replays: [], ...why });
  expect(await difference('t')).toEqual(why);
  expect(await deadLetters()).toEqual({ total: 0, sentBack: 0, byCode: [], letters: [], ...why });
  await shown.close();
});
