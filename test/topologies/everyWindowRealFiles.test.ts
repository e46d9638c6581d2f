import { describe, expect, it } from 'vitest';
import { countsOf } from '../../scripts/commands/reconciliation.js';
import { REGION, copyOf, digestOfResults, importedFolder, onFolder, runJob } from './ouladJob.js';
import { REAL_FOLDER, realFilesAreMissing, usesOf } from './ouladRows.js';
import { checkEngagement, checkTrends } from './windowCheck.js';

const CLICKS = 753_564;
const ALL_WELL = { different: [], unexpected: [], missing: [] };

describe('the whole job over the real files', () => {
  it(
    'loses no click, has every window of every learner and item right, and leaves the same bytes in other batches',
    { timeout: 600_000 },
    async (context) => {
      context.skip(process.env['SKILLFORGE_REAL_FILES'] !== 'all', 'takes minutes: npm run test:long runs it');
      const isMissing = realFilesAreMissing();
      if (isMissing) console.log(`SKIPPED: the real files of the data set are not at ${REAL_FOLDER}`);
      context.skip(isMissing, `the real files of the data set are not at ${REAL_FOLDER}`);
      const { folder, imported } = await importedFolder(REAL_FOLDER);
      expect(imported).toMatchObject({ alreadyThere: 0, rejected: 0 });
      expect(imported.topics[0]).toMatchObject({ topic: 'clicks', written: CLICKS });
      const copy = copyOf(folder);

      const digest = await onFolder(folder, async (storage) => {
        await runJob(storage);
        const counts = await countsOf(storage, undefined, REGION);
        expect(counts.flatMap(({ problems, uncountable }) => [...problems, ...uncountable])).toEqual([]);
        expect(counts.filter(({ reads }) => reads.includes(`${REGION}.clicks`)).map(({ processed, waiting }) => [processed, waiting])).toEqual([
          [CLICKS, 0],
          [CLICKS, 0],
        ]);
        expect(counts.map(({ counters: { deadLetters, late, misses, unmatched } }) => deadLetters + late + misses + unmatched)).toEqual([0, 0, 0]);
        const { uses, unusable } = usesOf(REAL_FOLDER);
        expect([uses.length, unusable]).toEqual([CLICKS, 0]);
        expect(checkEngagement(storage, uses)).toMatchObject({ ...ALL_WELL, eventsInHours: CLICKS });
        expect(checkTrends(storage, uses)).toMatchObject({ ...ALL_WELL, eventsInDays: CLICKS });
        return digestOfResults(storage);
      });

      const again = await onFolder(copy, async (storage) => {
        await runJob(storage, 731);
        return digestOfResults(storage);
      });
      expect(again).toBe(digest);
    },
  );
});
