import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { days } from '../../../operators/index.js';
import { localTools } from '../../../runtime/localTools.js';
import { topics } from '../../../schemas/index.js';
import { readingFolder } from '../../../scripts/commands/folder.js';
import { ouladEvents } from '../../../scripts/evaluation/ouladEvents.js';
import { runPlain, writeUpTo, type FlowOptions } from '../../../scripts/evaluation/productionFlow.js';
import { firstEpochDay } from '../../../scripts/oulad/index.js';
import { SeededRandom } from '../../../scripts/synthetic/random.js';
import { topicRecords } from '../../../scripts/training/topicRecords.js';
import { writeOulad } from '../../fixtures/oulad/files.js';
import { temporaryFolder } from '../../fixtures/oulad/folder.js';

const REGION = 'eu-west';
const WRITTEN = [topics.learnerActivity, topics.cohortTrends, topics.curricula, topics.learnerMastery, topics.learnerFeatures] as const;

/** Some learners of two presentations that overlap in the calendar, with something to hand in, over 20 days. */
function someOulad(): string {
  const random = new SeededRandom(7);
  const courses = [
    ['AAA', 200, 500],
    ['BBB', 300, 600],
  ] as const;
  const clicks = Array.from({ length: 600 }, () => {
    const [module, students, sites] = random.chance(0.5) ? courses[0] : courses[1];
    return [module, '2013J', students + random.below(8), sites + random.below(12), random.below(20), 1 + random.below(5)] as const;
  });
  const registered = courses.flatMap(([module, students]) =>
    Array.from({ length: 8 }, (_, n) => [module, '2013J', students + n, -10, n === 0 ? 11 : '']),
  );
  return writeOulad({
    courses: courses.map(([module]) => [module, '2013J', 40]),
    assessments: courses.map(([module], n) => [module, '2013J', n + 1, 'CMA', 9, 50]),
    studentRegistration: registered,
    studentAssessment: Array.from({ length: 8 }, (_, n) => [1, 200 + n, 4 + n, 0, 30 + 8 * n]),
    vle: courses.flatMap(([module, , sites]) =>
      Array.from({ length: 12 }, (_, n) => [sites + n, module, '2013J', n === 0 ? 'homepage' : 'resource', '', '']),
    ),
    studentVle: clicks,
  });
}

/** The records of each topic, as they stand in the log. */
const recordsIn = (folder: string): Promise<unknown[][]> =>
  readingFolder(folder, async (storage) => {
    const tools = localTools(storage);
    const read: unknown[][] = [];
    for (const topic of WRITTEN) {
      const records: unknown[] = [];
      for await (const record of (await topicRecords<unknown>(tools, REGION, topic)).all()) records.push(record);
      read.push(records);
    }
    return read;
  });

describe('an evaluation', () => {
  it('that goes on from an earlier cut sees what one alone sees, and leaves the earlier one as it was', async () => {
    const [data, work] = [someOulad(), temporaryFolder()];
    const upTo = (day: number): FlowOptions => ({
      events: ouladEvents(data),
      region: REGION,
      cutMs: days(firstEpochDay('2013J')! + day + 1),
      onProgress: () => undefined,
    });
    const [early, later, alone] = ['early', 'later', 'alone'].map((name) => join(work, name)) as [string, string, string];
    await writeUpTo(early, null, upTo(8));
    const first = await runPlain(early, upTo(8));
    const before = await recordsIn(early);
    await writeUpTo(later, early, upTo(15));
    const counted = await runPlain(later, upTo(15));
    await writeUpTo(alone, null, upTo(15));
    const all = await runPlain(alone, upTo(15));

    const [gone, whole] = [await recordsIn(later), await recordsIn(alone)];
    WRITTEN.forEach(({ name }, n) => expect(gone[n], name).toEqual(whole[n]));
    // Markers count, too, and each run writes some; records of the first run count once.
    expect(counted - all).toBeLessThan(first / 2);
    expect(counted).toBeGreaterThan(first);
    expect(await recordsIn(early)).toEqual(before);
    expect(before[0]!.length).toBeLessThan(whole[0]!.length);
    for (const [n, { name }] of WRITTEN.entries()) expect(whole[n], name).not.toEqual([]);
  });
});
