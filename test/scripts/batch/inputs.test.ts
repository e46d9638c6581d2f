/** Which days a file of the archive changes; what a folder of features refuses. No dbt. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import { topics } from '../../../schemas/index.js';
import { ARCHIVED_TOPICS } from '../../../scripts/archive/topics.js';
import { runBatch } from '../../../scripts/batch/batchRun.js';
import { daysBefore, daysBetween } from '../../../scripts/batch/days.js';
import { BatchInputs } from '../../../scripts/batch/inputs.js';
import { BatchOutputs } from '../../../scripts/batch/outputs.js';
import { temporaryFolder } from '../../fixtures/oulad/folder.js';
import { click } from '../../topologies/clicks.js';
import { statement } from '../../topologies/statements.js';
import { REGION, append, archiveAll, named } from '../archive/archived.js';

const timeOf = (day: string): number => Date.parse(`${day}T10:00:00Z`);
const DAYS = daysBetween('2025-08-20', '2025-10-10');

/** A folder in place of the dbt project. */
function project(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'model.sql'), 'select 1');
  return folder;
}

interface Archived {
  readonly storage: MemoryStorage;
  readonly out: string;
}

async function archived(): Promise<Archived> {
  const [storage, out] = [memoryStorage(), temporaryFolder()];
  await append(storage, topics.clicks, [named('first', click('ada', timeOf('2025-09-10')))]);
  await append(storage, topics.lmsEvents, [statement('ENROLLED', 'ada', timeOf('2025-08-25'))]);
  await archiveAll(storage, out, ARCHIVED_TOPICS);
  return { storage, out };
}

/** The days whose input is another one after some work. */
async function changedBy(out: string, models: string, work: () => Promise<unknown>): Promise<string[]> {
  const digests = (): string[] => {
    const inputs = BatchInputs.of(out, REGION, models);
    return DAYS.map((day) => inputs.digestOf(day));
  };
  const before = digests();
  await work();
  const after = digests();
  return DAYS.filter((_, at) => before[at] !== after[at]);
}

describe('the input of a day', () => {
  it('changes with what comes late in its window', async () => {
    const { storage, out } = await archived();
    const changed = await changedBy(out, project(), async () => {
      await append(storage, topics.clicks, [named('late', click('ben', timeOf('2025-09-01')))]);
      await archiveAll(storage, out, ['clicks']);
    });
    expect(changed).toEqual(daysBetween('2025-09-01', '2025-09-29'));
  });

  it('changes with each statement that was made by its end', async () => {
    const { storage, out } = await archived();
    const changed = await changedBy(out, project(), async () => {
      await append(storage, topics.lmsEvents, [statement('ENROLLED', 'ben', timeOf('2025-09-20'))]);
      await archiveAll(storage, out, ['lms-events']);
    });
    expect(changed).toEqual(daysBetween('2025-09-20', '2025-10-10'));
  });

  it('changes with the models, and not when nothing came', async () => {
    const { storage, out } = await archived();
    const models = project();
    expect(await changedBy(out, models, () => archiveAll(storage, out, ARCHIVED_TOPICS))).toEqual([]);
    const edit = (): Promise<void> => Promise.resolve(writeFileSync(join(models, 'model.sql'), 'select 2'));
    expect(await changedBy(out, models, edit)).toEqual(DAYS);
  });

  it('is told to dbt as the days that are read, and the commits that count', async () => {
    const { out } = await archived();
    const { clicks, 'lms-events': statements, catalogue } = BatchInputs.of(out, REGION, project()).variablesFor('2025-09-11', '2025-09-12');
    expect(clicks!.days).toEqual(['2025-09-10']);
    expect(Object.values(clicks!.commits).reduce((sum, next) => sum + next, 0)).toBe(1);
    expect(statements!.days).toEqual(['2025-08-25']);
    expect(catalogue).toEqual({ days: [], commits: {} });
  });
});

describe('a run of batch features', () => {
  const options = { region: REGION, from: '2025-09-01', until: '2025-09-02' };

  it('needs every topic in the archive', async () => {
    const { storage } = await archived();
    const out = temporaryFolder();
    await archiveAll(storage, out, ['clicks']);
    await expect(runBatch({ ...options, archive: out, out: temporaryFolder() })).rejects.toMatchObject({ code: 'SFS_ARCHIVE_MISSING' });
  });

  it('keeps regions apart, and refuses what it cannot understand', async () => {
    const { out: archive } = await archived();
    const out = temporaryFolder();
    BatchOutputs.open(out, 'us-east');
    await expect(runBatch({ ...options, archive, out })).rejects.toMatchObject({ code: 'SFS_BATCH_OUTPUT' });
    const damaged = temporaryFolder();
    BatchOutputs.open(damaged, REGION);
    mkdirSync(join(damaged, '_days'));
    writeFileSync(join(damaged, '_days', '2025-09-01.json'), '{');
    await expect(runBatch({ ...options, archive, out: damaged })).rejects.toMatchObject({ code: 'SFS_BATCH_OUTPUT' });
  });

  it('takes days of the calendar only, and at least one', async () => {
    const { out: archive } = await archived();
    for (const [from, until] of [
      ['2025-02-30', '2025-03-02'],
      ['2025-09-02', '2025-09-02'],
      ['yesterday', '2025-09-02'],
    ] as const) {
      await expect(runBatch({ region: REGION, archive, out: temporaryFolder(), from, until })).rejects.toMatchObject({ code: 'SFS_USAGE' });
    }
    expect(daysBefore('2024-03-01', 1)).toBe('2024-02-29');
  });
});
