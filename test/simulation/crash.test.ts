/**
 * `kill -9` at any instant loses nothing and doubles nothing. A child replays a seeded input through both topologies and is killed again
 * and again; what it leaves at the end must equal, byte for byte, what an undisturbed child leaves.
 */
import { rmSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { COMPILED_MS } from '../fixtures/compiledTree.js';
import { SeededRandom } from '../../scripts/synthetic/index.js';
import { differences, type Contents, type Difference } from './contents.js';
import { compileReplay, noCrashes, replayUndisturbed, replayUntilKilled, type CrashCounts } from './crashes.js';
import { copyOf, inputFolder, readContents, seedOfRun } from './folders.js';
import type { ReplayRequest } from './replayChild.js';
import type { Tearing } from './tornCommits.js';

/** The long run kills 60 times. */
const KILLS = Number(process.env['SKILLFORGE_KILLS'] ?? 12);
/** Six in ten aim at one, and not each of them meets it on a busy machine. */
const KILLS_INSIDE = KILLS / 3;
/** Of the kills, those that come while the last windows close. */
const KILLS_AT_END = KILLS / 6;
const COMPACTING_KILLS = KILLS / 3;
/** First with all windows open, so that there is state to compare, then to the end of all windows. */
const MODES = ['until-end', 'end-of-input'] as const;
type Mode = (typeof MODES)[number];
/** Small, so that there are many commits. */
const MAX_RECORDS: Readonly<Record<Mode, number>> = { 'until-end': 100, 'end-of-input': 20 };
const LARGE_INPUT = { days: 9, clicksPerDay: 3_000, learners: 300 };
const SMALL_INPUT = { days: 6, clicksPerDay: 2_000, learners: 100 };
const CONTROL_KILLS = 12;
/** Of them, those before a comparison: most often the first tells. */
const CONTROL_ROUND = 4;
const THREADED_KILLS = KILLS / 2;
/** Kills of a short run have room in the small input, whose undisturbed replay the other tests need too. */
const IS_LONG = KILLS > CONTROL_KILLS;
/** In a short run two threads are those that are killed. */
const THREADS = IS_LONG ? [2, 3] : [3];
/** Differences that a failure lists. */
const SHOWN = 20;

interface Baseline {
  readonly folder: string;
  readonly contents: Readonly<Record<Mode, Contents>>;
  /** With the latest record of each key in compacted topics. */
  readonly latest: Readonly<Record<Mode, Contents>>;
}

const seed = seedOfRun();
let tree: string;
let small: Baseline;

beforeAll(async () => {
  console.log(`seed ${seed}: SKILLFORGE_SEED=${seed} repeats the input and the order of the kills`);
  tree = await compileReplay();
  small = await baselineOf(SMALL_INPUT);
}, COMPILED_MS);

async function baselineOf(input: typeof LARGE_INPUT): Promise<Baseline> {
  const startMs = performance.now();
  const { folder, records } = await inputFolder({ seed, ...input });
  const copy = copyOf(folder);
  const contents: Partial<Record<Mode, Contents>> = {};
  const latest: Partial<Record<Mode, Contents>> = {};
  for (const mode of MODES) {
    await replayUndisturbed(tree, { folder: copy, mode, maxRecords: MAX_RECORDS[mode] });
    contents[mode] = await readContents(copy);
    latest[mode] = await readContents(copy, true);
  }
  rmSync(copy, { recursive: true });
  const baseline: Baseline = { folder, contents: contents as Record<Mode, Contents>, latest: latest as Record<Mode, Contents> };
  expectEverythingTold(baseline);
  console.log(`undisturbed: ${records} clicks, ${baseline.contents['end-of-input'].size} parts to compare, ${seconds(startMs)}`);
  return baseline;
}

/** A comparison of nothing would always be equal. */
function expectEverythingTold({ contents }: Baseline): void {
  const names = [...contents['until-end'].keys()];
  for (const kind of [
    'progress ',
    'state learner-engagement',
    'state item-trends@1/0',
    'state item-trends@1/1',
    'timer learner-engagement',
    'timer item-trends',
  ]) {
    expect(names.filter((name) => name.startsWith(kind)).length, kind).toBeGreaterThan(10);
  }
  for (const topic of ['learner-features', 'item-trends', 'dead-letters', 'control']) {
    expect(names.filter((name) => name.startsWith(`records eu-west.${topic}/`)).length, topic).toBeGreaterThan(10);
  }
}

const seconds = (startMs: number): string => `${((performance.now() - startMs) / 1000).toFixed(1)} s`;

const summaryOf = ({ kills, insideCommit, whileStarting, restarts }: CrashCounts): string =>
  `${kills} kills, ${insideCommit} inside a commit, ${whileStarting} while starting, ${restarts} restarts`;

type Found = Difference & { readonly mode: Mode };

interface Plan {
  readonly kills: number;
  /** Those of the kills that are left for the closing of the last windows. */
  readonly killsAtEnd: number;
  readonly tearing?: Tearing;
  readonly compacting?: boolean;
  /** Of the replays that are killed; the baseline has one. */
  readonly threads?: number;
  /** Those of {@link MODES} that are compared. All when left out. */
  readonly modes?: readonly Mode[];
}

/**
 * Replays a copy of the baseline's input with kills, and another copy when the replay reaches its end before the last kill.
 * @returns what differed when a mode was done
 */
async function crash(baseline: Baseline, { kills, killsAtEnd, modes = MODES, ...how }: Plan, counts: CrashCounts): Promise<Found[]> {
  const random = new SeededRandom(seed + 1 + counts.kills);
  const expected = how.compacting === true ? baseline.latest : baseline.contents;
  const found: Found[] = [];
  do {
    const folder = copyOf(baseline.folder);
    for (const mode of modes) {
      const request: ReplayRequest = { folder, mode, maxRecords: MAX_RECORDS[mode], ...how };
      const most = mode === 'until-end' ? kills - killsAtEnd : kills;
      while (counts.kills < most && (await replayUntilKilled(tree, request, random, counts)));
      await replayUndisturbed(tree, request);
      const different = differences(expected[mode], await readContents(folder, how.compacting));
      console.log(`${mode}: ${summaryOf(counts)} so far; ${different.length} differences`);
      found.push(...different.map((difference) => ({ mode, ...difference })));
    }
    rmSync(folder, { recursive: true });
  } while (counts.kills < kills);
  return found;
}

describe('a replay that is killed with SIGKILL at random instants', () => {
  it(
    `leaves, after ${KILLS} kills, ${KILLS_INSIDE} of them inside a commit, what an undisturbed one leaves, byte for byte`,
    { timeout: 600_000 },
    async () => {
      const baseline = IS_LONG ? await baselineOf(LARGE_INPUT) : small;
      const startMs = performance.now();
      const counts = noCrashes();
      const found = await crash(baseline, { kills: KILLS, killsAtEnd: KILLS_AT_END }, counts);
      console.log(`killed: ${summaryOf(counts)}, ${seconds(startMs)}`);
      expect(found.slice(0, SHOWN)).toEqual([]);
      expect(counts.kills).toBeGreaterThanOrEqual(KILLS);
      expect(counts.insideCommit).toBeGreaterThanOrEqual(KILLS_INSIDE);
      // A slow machine starts slowly.
      expect(counts.whileStarting).toBeLessThan(KILLS / 2);
    },
  );
});

describe('smaller replays', () => {
  it('leave the latest record of each key, and all else, when compaction runs meanwhile and is killed too', { timeout: 240_000 }, async () => {
    const counts = noCrashes();
    const found = await crash(small, { kills: COMPACTING_KILLS, killsAtEnd: 3, compacting: true }, counts);
    console.log(`compacting: ${summaryOf(counts)}`);
    expect(found.slice(0, SHOWN)).toEqual([]);
    expect(counts.insideCommit).toBeGreaterThanOrEqual(COMPACTING_KILLS / 3);
  });

  it.each(THREADS)('leave the same on %i threads while nobody kills them', { timeout: 120_000 }, async (threads) => {
    expect((await crash(small, { kills: 0, killsAtEnd: 0, threads }, noCrashes())).slice(0, SHOWN)).toEqual([]);
  });

  it('leave on 2 threads what one leaves undisturbed, byte for byte, when they are killed', { timeout: 240_000 }, async () => {
    const counts = noCrashes();
    const found = await crash(small, { kills: THREADED_KILLS, killsAtEnd: 1, threads: 2 }, counts);
    console.log(`on threads: ${summaryOf(counts)}`);
    expect(found.slice(0, SHOWN)).toEqual([]);
    // The thread that commits has nothing else to do, so that few kills meet it at that.
    expect(counts.kills - counts.whileStarting).toBeGreaterThanOrEqual(THREADED_KILLS / 3);
  });

  /**
   * The control: the same kills and the same comparison, over commits that are not atomic. `tornCommits` writes the outputs in one
   * transaction, and state, timers and progress in another. If this is not noticed, the tests above are blind.
   */
  describe('with commits torn in two', () => {
    /** Their kills come while all windows are open: what follows would tell nothing more. */
    const TOLD_AT: readonly Mode[] = ['until-end'];

    it('are equal while nobody kills them, so that it is the kills that tell', { timeout: 120_000 }, async () => {
      expect((await crash(small, { kills: 0, killsAtEnd: 0, tearing: 'outputs-first', modes: TOLD_AT }, noCrashes())).slice(0, SHOWN)).toEqual([]);
    });

    const isDoubled = ({ expectedBytes, foundBytes }: Found): boolean => (foundBytes ?? 0) > (expectedBytes ?? 0);
    const isLost = ({ expectedBytes, foundBytes }: Found): boolean => (foundBytes ?? 0) < (expectedBytes ?? 0);

    it.each([
      ['outputs-first', 'doubled', isDoubled],
      ['progress-first', 'lost', isLost],
    ] as const)('are found out when killed, %s: records are %s', { timeout: 240_000 }, async (tearing, harm, isHarmed) => {
      const counts = noCrashes();
      let harmed: Found[] = [];
      for (let kills = CONTROL_ROUND; kills <= CONTROL_KILLS && harmed.length === 0; kills += CONTROL_ROUND) {
        const found = await crash(small, { kills, killsAtEnd: 0, tearing, modes: TOLD_AT }, counts);
        harmed = found.filter((one) => one.part.startsWith('records ') && isHarmed(one));
      }
      console.log(`control ${tearing}: ${summaryOf(counts)}; ${harmed.length} keys with ${harm} records, such as ${JSON.stringify(harmed[0])}`);
      expect(harmed.length).toBeGreaterThan(0);
    });
  });
});
