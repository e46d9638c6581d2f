import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { countsOf } from '../../scripts/commands/reconciliation.js';
import { importOuladClicks } from '../../scripts/commands/ouladImport.js';
import { decoderOf } from '../../scripts/commands/topicCodecs.js';
import { topics } from '../../schemas/index.js';
import { syntheticOuladFolder } from '../../scripts/synthetic/index.js';
import type { LocalStorage } from '../../runtime/ports.js';
import { REGION, copyOf, digestOfResults, importedFolder, onFolder, runJob } from './ouladJob.js';
import { usesOf } from './ouladRows.js';
import { checkEngagement, checkTrends, valuesOf } from './windowCheck.js';
import { newFolder } from '../fixtures/folders.js';

const ALL_WELL = { different: [], unexpected: [], missing: [] };
/** Lines that tell no use, each for another reason. */
const UNUSABLE = [
  '"AAA","2013J","","500001","3","1"',
  '"AAA","2013J","10001","500001","soon","1"',
  '"AAA","2013X","10001","500001","3","1"',
  '"AAA","2013J","10001"',
];

/** A folder as the data set has it, with unusable lines among the others. Few clicks a day, so that learners are silent for weeks. */
async function syntheticFolder(): Promise<{ folder: string; rows: number }> {
  const folder = newFolder();
  const presentations = ['AAA-2013J', 'BBB-2013J', 'CCC-2014B'];
  const { file, rows } = await syntheticOuladFolder(folder, { seed: 11, presentations, learners: 40, items: 12, days: 100, clicksPerDay: 20 });
  const lines = gunzipSync(readFileSync(file)).toString('latin1').split('\r\n');
  UNUSABLE.forEach((line, index) => lines.splice(100 * (index + 1), 0, line));
  writeFileSync(file, gzipSync(lines.join('\r\n')));
  return { folder, rows };
}

const problemsOf = async (storage: LocalStorage): Promise<string[]> =>
  (await countsOf(storage, undefined, REGION)).flatMap(({ problems, uncountable }) => [...problems, ...uncountable]);

describe('the whole job over synthetic files', { timeout: 60_000 }, () => {
  let from: string;
  let rows: number;
  let imported: string;
  let plain: ReturnType<typeof usesOf>;

  beforeAll(async () => {
    const synthetic = await syntheticFolder();
    from = synthetic.folder;
    rows = synthetic.rows;
    plain = usesOf(from);
    const job = await importedFolder(from);
    imported = job.folder;
    expect(job.imported).toMatchObject({ written: rows, rejected: UNUSABLE.length });
  }, 60_000);

  it('has every window of every learner and item as the plain computation over the file has it', async () => {
    expect([plain.uses.length, plain.unusable]).toEqual([rows, UNUSABLE.length]);
    await onFolder(copyOf(imported), async (storage) => {
      await runJob(storage);
      const engagement = checkEngagement(storage, plain.uses);
      expect(engagement).toMatchObject({ ...ALL_WELL, eventsInHours: rows });
      expect(engagement.records).toBeGreaterThan(5_000);
      const trends = checkTrends(storage, plain.uses);
      expect(trends).toMatchObject({ ...ALL_WELL, eventsInDays: rows });
      expect(trends.records).toBeGreaterThan(2_000);
    });
  });

  it('loses no click: what was read, processed and sent to the dead letters adds up', async () => {
    await onFolder(copyOf(imported), async (storage) => {
      await runJob(storage);
      expect(await problemsOf(storage)).toEqual([]);
      const readers = (await countsOf(storage, undefined, REGION)).filter(({ reads }) => reads.includes(`${REGION}.clicks`));
      expect(readers.map(({ inLog, processed, waiting, lettersInLog }) => [inLog, processed, waiting, lettersInLog])).toEqual([
        [rows, rows, 0, 0],
        [rows, rows, 0, 0],
      ]);
    });
  });

  it('leaves the same bytes whatever the batches, and however often it is stopped and started', async () => {
    const digests: string[] = [];
    for (const batches of [[5_000], [97], [7, 400, 2_000]]) {
      await onFolder(copyOf(imported), async (storage) => {
        for (const batchRecords of batches.slice(0, -1)) await stoppedEarly(storage, batchRecords);
        await runJob(storage, batches.at(-1));
        digests.push(digestOfResults(storage));
      });
    }
    expect(new Set(digests).size).toBe(1);
  });

  it('accounts for clicks that come behind their windows: each is in its window or in the dead letters', async () => {
    await onFolder(newFolder(), async (storage) => {
      // The later presentation first: of what comes afterwards most is behind the watermark.
      await importOuladClicks(storage, from, { region: REGION, presentation: '2014B' });
      await runJob(storage, 500, 'until-end');
      await importOuladClicks(storage, from, { region: REGION });
      await runJob(storage, 500);
      expect(await problemsOf(storage)).toEqual([]);
      const counts = await countsOf(storage, undefined, REGION);
      const lettersOf = (subtopology: string): number => counts.find((one) => one.subtopology === subtopology)!.lettersInLog;
      const [late, lateForItems] = [lettersOf('learner-engagement@1/0'), lettersOf('item-trends@1/0')];
      expect(late).toBeGreaterThan(rows / 2);
      expect(checkEngagement(storage, plain.uses).eventsInHours + late).toBe(rows);
      // A partition that had fallen idle may be late with a partial sum, too: its clicks lie in the dead letters of the second phase.
      const inLatePartials = partialsInLetters(storage).reduce((sum, { events }) => sum + events, 0);
      expect(inLatePartials).toBeGreaterThan(0);
      expect(checkTrends(storage, plain.uses).eventsInDays + lateForItems + inLatePartials).toBe(rows);
    });
  });
});

/** The partial sums that came behind their windows. */
function partialsInLetters(storage: LocalStorage): { readonly events: number }[] {
  const partials = `${REGION}.item-trends.v1.by-item`;
  const decode = decoderOf(storage, partials)!;
  return [...valuesOf(storage, topics.deadLetters)]
    .filter(({ value }) => value.sourceTopic === partials)
    .map(({ value: { personal } }) => (decode(String(personal.key), Buffer.from(personal.value!)) as { value: { events: number } }).value);
}

/** Runs until some commits are done, then dies: what was not committed is lost. */
async function stoppedEarly(storage: LocalStorage, batchRecords: number): Promise<void> {
  let left = 40;
  const dying: LocalStorage = {
    log: storage.log,
    tasks: storage.tasks,
    documents: storage.documents,
    close: () => storage.close(),
    commit: (commit) => (left-- > 0 ? storage.commit(commit) : Promise.reject(new Error('the process dies'))),
  };
  await expect(runJob(dying, batchRecords)).rejects.toThrow('the process dies');
}
