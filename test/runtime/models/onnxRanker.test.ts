import { setTimeout as sleep } from 'node:timers/promises';
import { map } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topology, withValue, type StreamRecord } from '../../../operators/index.js';
import { formulaModels } from '../../../operators/recommend/index.js';
import type { ListName, Ranker } from '../../../operators/ports/ranker.js';
import { isHalt } from '../../../runtime/engine/halt.js';
import { readBundle } from '../../../runtime/models/bundle.js';
import { readContributions } from '../../../runtime/models/contributions.js';
import { openModels, type ModelFolder } from '../../../runtime/models/index.js';
import { STATE } from '../../../runtime/models/scoringMemory.js';
import { ScoringThread } from '../../../runtime/models/scoringThread.js';
import { testTopology } from '../../../runtime/testing/index.js';
import { event, events, lines, timed, toResults } from '../../operators/pipelines.js';
import { BUNDLE, FEATURES, PARITY, REGION, matrixOf } from './fixture.js';

const LISTS: readonly ListName[] = ['next', 'new'];
const MATRIX = matrixOf(PARITY.features);
const COLUMNS = MATRIX.columns;
const TRAINED = Number.MAX_SAFE_INTEGER;

let models: ModelFolder;
let ranker: Ranker;
beforeAll(async () => {
  models = await openModels(BUNDLE, { region: REGION, featureSet: FEATURES });
  ranker = models.at(TRAINED).ranker;
});
afterAll(() => models.close());

/** Scores of both lists, which the next call overwrites. */
function scored(matrix = MATRIX, by = ranker): Record<ListName, number[]> {
  const scores = by.score(matrix);
  return { next: [...scores.next.subarray(0, matrix.rows)], new: [...scores.new.subarray(0, matrix.rows)] };
}

const threadOf = (options?: { mostWaitMs: number }): Promise<ScoringThread> => {
  const { file } = readBundle(BUNDLE);
  return ScoringThread.open([{ folder: BUNDLE, next: file('ranker-next.onnx')!, new: file('ranker-new.onnx')!, columns: COLUMNS }], options);
};

/** What a call throws below an operator. */
function haltOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    if (isHalt(error)) return error.cause;
    throw error;
  }
  return undefined;
}

describe('a trained ranker', () => {
  it('gives the scores that Python gave, those of rows on a threshold, too', () => {
    const scores = scored();
    for (const list of LISTS) {
      const furthest = Math.max(...PARITY[list].map((expected, row) => Math.abs(scores[list][row]! - expected) / Math.max(1, Math.abs(expected))));
      expect(furthest).toBeLessThan(1e-5);
    }
    expect(scores.next).not.toEqual(scores.new);
  });

  it('explains each score: constant and contributions make it', () => {
    const scores = scored();
    for (const list of LISTS) {
      const { base } = readContributions('trees', JSON.parse(readBundle(BUNDLE).file(`trees-${list}.json`)!.toString()), COLUMNS);
      for (let row = 0; row < MATRIX.rows; row++) {
        const sum = ranker.contributions!(MATRIX, row, list).reduce((total, one) => total + one, base);
        expect(Math.abs(sum - scores[list][row]!), `${list}, row ${row}`).toBeLessThan(1e-4);
      }
    }
  });

  it('scores a row alone as among others, and a few after many', () => {
    const all = scored();
    for (const row of [0, 17, MATRIX.rows - 1]) expect(scored(matrixOf([PARITY.features[row]!])).next).toEqual([all.next[row]]);
    expect(scored(matrixOf(PARITY.features.slice(0, 3))).new).toEqual(all.new.slice(0, 3));
    expect(scored()).toEqual(all);
  });

  it('scores more rows than ever before, and none', () => {
    const many = Array.from({ length: 9 }, () => PARITY.features).flat();
    expect(scored(matrixOf(many)).next).toEqual(Array.from({ length: 9 }, () => scored().next).flat());
    expect(scored(matrixOf([])).next).toEqual([]);
  });

  it('does not look at what lies behind the rows', () => {
    const values = new Float32Array(MATRIX.values.length + 500).fill(99);
    values.set(MATRIX.values);
    expect(scored({ ...MATRIX, values })).toEqual(scored());
  });

  it('scores thousands of batches one after the other', () => {
    const { next } = scored();
    for (let batch = 0; batch < 2_000; batch++) {
      const from = batch % 250;
      expect(ranker.score(matrixOf(PARITY.features.slice(from, from + 5))).next[2]).toBe(next[from + 2]);
    }
  });
});

describe('the thread that scores', () => {
  it('goes on waiting when it is woken without a batch', async () => {
    const thread = await threadOf();
    const { control } = thread as unknown as { readonly control: Int32Array };
    // The wake-up of an asker that was held up: the thread waits again by then.
    for (let turn = 0; turn < 3; turn++) {
      await sleep(20);
      expect(Atomics.notify(control, STATE)).toBe(1);
      await sleep(20);
      expect(thread.score(0, MATRIX).next[0]).toBe(scored().next[0]);
    }
    await thread.close();
  });

  it('scores no more once it is closed, and closes twice', async () => {
    const thread = await threadOf();
    expect(thread.score(0, MATRIX).next[0]).toBe(scored().next[0]);
    await thread.close();
    expect(haltOf(() => thread.score(0, MATRIX))).toMatchObject({ code: 'SFS_MODEL_THREAD', retriable: true });
    await thread.close();
  });

  it('is missed where it died between two batches', async () => {
    const thread = await threadOf();
    await thread.worker.terminate();
    expect(haltOf(() => thread.score(0, MATRIX))).toMatchObject({
      code: 'SFS_MODEL_THREAD',
      message: expect.stringContaining('it has ended') as string,
    });
    await thread.close();
  });

  it('is missed where it dies while a batch waits, without a word', async () => {
    const thread = await threadOf({ mostWaitMs: 300 });
    void thread.worker.terminate();
    expect(haltOf(() => thread.score(0, MATRIX))).toMatchObject({ code: 'SFS_MODEL_THREAD' });
    await thread.close();
  });

  it('says what is wrong with a batch that it cannot score', async () => {
    const thread = await threadOf();
    const failure = haltOf(() => thread.score(0, { rows: 2, columns: COLUMNS + 1, values: new Float32Array(2 * COLUMNS + 2) }));
    expect(failure).toMatchObject({ code: 'SFS_MODEL_THREAD' });
    expect(haltOf(() => thread.score(0, MATRIX))).toBe(failure);
    await thread.close();
  });
});

describe('a topology with models', () => {
  /** Scores rows of the parity set by the model of the record's time. */
  const scoring = topology('scoring', { version: 1 }, ({ source, models: all }) => {
    source(events, timed)
      .pipe(
        map((record): StreamRecord<string, unknown> => {
          const model = (all ?? formulaModels).at(record.timestamp);
          if (model.ranker.featureSet !== FEATURES) return withValue(record, model.version);
          return withValue(record, [model.version, model.ranker.score(matrixOf(PARITY.features.slice(0, record.value.n))).new[0]]);
        }),
      )
      .pipe(toResults());
  });

  it('decides by event time, the same in one go and with a process that keeps dying', async () => {
    const { trainedUntilMs } = models.manifests[0]!;
    await testTopology(scoring, { models }, async (driver) => {
      const sent = Array.from({ length: 30 }, (_, at) => event(`k${at % 7}`, trainedUntilMs - 10 + at, { n: 1 + (at % 9) }));
      driver.input(events).sendAll(sent);
      await driver.endInput();
      const found = lines(driver);
      expect(found).toHaveLength(30);
      const [score] = scored().new;
      for (const [, atMs, value] of found) expect(value).toEqual(atMs < trainedUntilMs ? 'formula-2' : [models.at(TRAINED).version, score]);
    });
  });

  it('has none where the run has none', async () => {
    await testTopology(scoring, async (driver) => {
      driver.input(events).send(event('k', 5_000_000));
      await driver.endInput();
      expect(lines(driver)).toEqual([['k', 5_000_000, 'formula-2']]);
    });
  });

  it('stops where the thread is gone: no record is to blame', async () => {
    const own = await openModels(BUNDLE, { region: REGION, featureSet: FEATURES });
    await own.close();
    const run = testTopology(scoring, { models: own }, async (driver) => {
      driver.input(events).send(event('k', 5_000_000));
      await driver.endInput();
    });
    await expect(run).rejects.toThrow(expect.objectContaining({ code: 'SFS_MODEL_THREAD' }));
  });
});
