import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeatureSet } from '../../../../operators/features/declarations.js';
import type { ListName } from '../../../../operators/ports/ranker.js';
import { localTools } from '../../../../runtime/localTools.js';
import { openModels, type ModelFolder } from '../../../../runtime/models/index.js';
import { OnnxRanker } from '../../../../runtime/models/onnxRanker.js';
import { memoryStorage, type MemoryStorage } from '../../../../runtime/testing/index.js';
import { cohortId, courseId, itemId, learnerId, topics, type FeatureLog, type LoggedCandidate, type Opened } from '../../../../schemas/index.js';
import { RecordAppender } from '../../../../scripts/commands/recordAppender.js';
import { Shadow, firstPosition, rankedList, type Candidate } from '../../../../scripts/models/shadow/shadow.js';
import { readPosition, writePosition, type ShadowPosition } from '../../../../scripts/models/shadow/shadowFile.js';
import { reportOf, type ShadowReport } from '../../../../scripts/models/shadow/tally.js';
import { REGION, manifestOf, temporaryFolder } from '../../../runtime/models/fixture.js';

/** What the trainer wrote: rankers of four features, with a reference. */
const TRAINED = fileURLToPath(new URL('../../../runtime/models/fixtures/trained/bundle', import.meta.url));
const COLUMNS = manifestOf(TRAINED).featureSet!.columns;
const FEATURES: FeatureSet = {
  id: manifestOf(TRAINED).featureSet!.id,
  declarations: COLUMNS.map((name) => ({ name, type: 'count', unit: 'none', window: null, fallback: 0, personal: 'none', description: '', reason: null })),
  column: (name) => COLUMNS.indexOf(name),
};
const LOG = 'a log';
const ROWS = 30;

let models: ModelFolder;
let candidate: Candidate;
beforeAll(async () => {
  models = await openModels(TRAINED, { region: REGION, featureSet: FEATURES });
  const { ranker } = models.at(Number.MAX_SAFE_INTEGER);
  if (!(ranker instanceof OnnxRanker)) throw new Error(`${TRAINED} has no rankers`);
  candidate = { ranker, reference: ranker.reference };
});
afterAll(() => models.close());

type Scored = Readonly<Record<ListName, readonly number[]>>;

/** Features of the rows of a decision: no two alike. */
const featuresOf = (decision: number): number[][] =>
  Array.from({ length: ROWS }, (_, row) => [row % 3 === 0 ? 1 : 0, (row * 37 + decision * 11) % 60, row % 7, ((row * 13 + decision) % 30) / 30].map(Math.fround));

function scoresOf(decision: number): Scored {
  const scores = candidate.ranker.score({ rows: ROWS, columns: COLUMNS.length, values: Float32Array.from(featuresOf(decision).flat()) });
  return { next: [...scores.next.subarray(0, ROWS)], new: [...scores.new.subarray(0, ROWS)] };
}

/** A decision whose lists are ordered by some scores. */
function decision(number: number, by: (scores: Scored) => Scored, featureSet = FEATURES.id): Opened<FeatureLog> {
  const features = featuresOf(number);
  const scores = by(scoresOf(number));
  const listed = (list: ListName): number[] => {
    const rows = features.flatMap((row, at) => (list === 'next' || row[0] === 0 ? [at] : []));
    return rows.sort((a, b) => scores[list][b]! - scores[list][a]! || (`i${a}` < `i${b}` ? -1 : 1)).slice(0, 20);
  };
  const [next, fresh] = [listed('next'), listed('new')];
  const candidates = features.map(
    (row, at): LoggedCandidate => ({
      item: itemId(`i${at}`),
      source: 'TRENDING',
      sources: 0,
      nextRank: next.indexOf(at),
      newRank: fresh.indexOf(at),
      score: scores.next[at]!,
      newScore: scores.new[at]!,
      features: row,
      nextPropensity: 1,
      newPropensity: 1,
      nextReasons: [],
      newReasons: [],
      inclusionProbability: next.includes(at) || fresh.includes(at) ? 1 : 0.5,
    }),
  );
  return {
    learner: learnerId(`learner-${number}`),
    region: REGION,
    decisionId: String(number),
    decidedAtMs: 1_000 + number,
    modelVersion: number % 4 === 0 ? 'formula-2' : 'ranker@before',
    featureSet,
    topologyVersion: 1,
    explored: false,
    explorationShare: 0,
    variant: '',
    personal: { course: courseId('AAA-2024J'), cohort: cohortId('AAA-2024J'), candidates },
  };
}

const same = (scores: Scored): Scored => scores;
const negated = ({ next, new: fresh }: Scored): Scored => ({ next: next.map((one) => -one), new: fresh.map((one) => -one) });

async function append(storage: MemoryStorage, decisions: readonly Opened<FeatureLog>[]): Promise<void> {
  const appender = new RecordAppender(storage, topics.featureLog, REGION, 'test/feature-log');
  for (const one of decisions) appender.add(one);
  await appender.commit({});
  await appender.finish();
}

const numbers = (from: number, until: number): number[] => Array.from({ length: until - from }, (_, at) => from + at);

async function passed(storage: MemoryStorage, position: ShadowPosition): Promise<ShadowReport> {
  await new Shadow(localTools(storage), REGION, candidate, position).pass(() => undefined);
  return reportOf(position.tally, candidate.reference);
}

describe('a shadow', () => {
  it('agrees with lists that are ordered by its own scores', async () => {
    const storage = memoryStorage();
    await append(storage, numbers(0, 40).map((number) => decision(number, same)));
    const report = await passed(storage, firstPosition(LOG, candidate));
    expect(report).toMatchObject({ decisions: 40, rows: 40 * ROWS, otherFeatures: 0, firstMs: 1_000, lastMs: 1_039 });
    expect(report.decidedBy).toEqual({ 'formula-2': 10, 'ranker@before': 30 });
    for (const list of ['next', 'new'] as const) {
      expect(report.lists[list]).toMatchObject({ lists: 40, overlap: 1, decidedOverlap: 1 });
      expect(report.lists[list]!.rbo).toBeCloseTo(1);
      expect(report.lists[list]!.decidedRbo).toBeCloseTo(1);
    }
  });

  it('disagrees with lists that are the other way round', async () => {
    const storage = memoryStorage();
    await append(storage, numbers(0, 40).map((number) => decision(number, negated)));
    const { lists } = await passed(storage, firstPosition(LOG, candidate));
    for (const list of ['next', 'new'] as const) {
      expect(lists[list]!.overlap).toBeLessThan(0.3);
      expect(lists[list]!.decidedRbo).toBeLessThan(0.3);
    }
  });

  it('tells how its scores are distributed, over the candidates that rows stand for', async () => {
    const storage = memoryStorage();
    await append(storage, numbers(0, 10).map((number) => decision(number, same)));
    const { lists } = await passed(storage, firstPosition(LOG, candidate));
    const all = numbers(0, 10).flatMap((number) => scoresOf(number).next);
    const mean = all.reduce((sum, score) => sum + score, 0) / all.length;
    const deviation = Math.sqrt(all.reduce((sum, score) => sum + (score - mean) ** 2, 0) / all.length);
    const { scores } = lists.next!;
    expect(scores!.mean).toBeCloseTo(mean, 6);
    expect(scores!.deviation).toBeCloseTo(deviation, 6);
    expect([scores!.least, scores!.most]).toEqual([Math.min(...all), Math.max(...all)]);
    expect(scores!.psi).toBeGreaterThan(0);
  });

  it('goes on where it was, and comes to the same', async () => {
    const storage = memoryStorage();
    const path = join(temporaryFolder(), 'shadow', 'position.json');
    await append(storage, numbers(0, 25).map((number) => decision(number, same)));
    const first = firstPosition(LOG, candidate);
    await new Shadow(localTools(storage), REGION, candidate, first).pass((position) => writePosition(path, position));
    await append(storage, numbers(25, 60).map((number) => decision(number, negated)));
    const kept = readPosition(path, LOG, candidate.ranker.version)!;
    expect(kept).toEqual(first);
    const report = await passed(storage, kept);
    const anew = await passed(storage, firstPosition(LOG, candidate));
    expect(report.decisions).toBe(60);
    // Sums of two runs are added up in another order.
    for (const list of ['next', 'new'] as const)
      for (const figure of ['overlap', 'rbo', 'decidedOverlap', 'decidedRbo'] as const)
        expect(report.lists[list]![figure]).toBeCloseTo(anew.lists[list]![figure], 9);
    expect(await passed(storage, kept)).toEqual(report);
  });

  it('leaves out decisions by other features, and counts them', async () => {
    const storage = memoryStorage();
    await append(storage, [decision(0, same), decision(1, same, 'item-features:of-old')]);
    expect(await passed(storage, firstPosition(LOG, candidate))).toMatchObject({ decisions: 1, otherFeatures: 1 });
  });

  it('has nothing to tell of a log that is not there', async () => {
    expect(await passed(memoryStorage(), firstPosition(LOG, candidate))).toMatchObject({ decisions: 0, firstMs: null, lists: { next: null, new: null } });
  });
});

describe('the orders of a list', () => {
  it('leave out of the list "new" what was opened, and break ties by the item', () => {
    const { personal } = decision(3, same);
    const flat = { next: new Float32Array(ROWS), new: new Float32Array(ROWS) };
    const { candidate: order, shown } = rankedList('new', personal.candidates, flat, 0);
    expect(order.every((row) => row % 3 !== 0)).toBe(true);
    const items = order.map((row) => `i${row}`);
    expect(items).toEqual([...items].sort());
    expect(shown).toHaveLength(20);
    expect(shown.map((row) => personal.candidates[row]!.newRank)).toEqual(numbers(0, 20));
  });
});

describe('the position of a shadow', () => {
  it('is of one log and one model', () => {
    const path = join(temporaryFolder(), 'position.json');
    expect(readPosition(path, LOG, 'ranker@1')).toBeNull();
    const position = { ...firstPosition(LOG, candidate), model: 'ranker@1', offsets: [3, 4] };
    writePosition(path, position);
    expect(readPosition(path, LOG, 'ranker@1')).toEqual(position);
    expect(readPosition(path, 'another log', 'ranker@1')).toBeNull();
    expect(readPosition(path, LOG, 'ranker@2')).toBeNull();
    expect(readFileSync(path, 'utf8')).toBe(JSON.stringify(position));
  });

  it('that cannot be read is not taken for none', () => {
    const path = join(temporaryFolder(), 'position.json');
    writeFileSync(path, '{');
    expect(() => readPosition(path, LOG, 'ranker@1')).toThrow(expect.objectContaining({ code: 'SFS_FILE_UNREADABLE' }));
    expect(() => writePosition('/dev/null/position.json', firstPosition(LOG, candidate))).toThrow(expect.objectContaining({ code: 'SFS_FILE_UNWRITABLE' }));
  });
});
