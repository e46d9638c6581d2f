/** Makes the days of batch features whose input has changed. */
import { resolve } from 'node:path';
import { assertInClear } from '../archive/archiveKind.js';
import { BATCH_INPUTS } from '../archive/topics.js';
import { BatchInputs } from './inputs.js';
import { daysBetween } from './days.js';
import { dbtBuild, projectFolder } from './dbt.js';
import { BatchOutputs, type DayRecord } from './outputs.js';

/** What to make. */
export interface BatchOptions {
  /** Folder that `skillforge archive` writes. */
  readonly archive: string;
  /** Folder of the features of the region; nobody else may write into it meanwhile. */
  readonly out: string;
  readonly region: string;
  /** Days (UTC) from `from` on to before `until`, such as 2025-09-01. */
  readonly from: string;
  readonly until: string;
  /** Told before dbt starts. */
  readonly onDays?: (days: readonly string[]) => void;
}

/** What was made. */
export interface BatchReport {
  /** Days that were made, with their rows. */
  readonly made: readonly DayRecord[];
  /** Days that already were what their input says. */
  readonly unchanged: readonly string[];
  /** Published days outside of what was asked for whose input has changed since: make them, too. */
  readonly stale: readonly string[];
  /** Models made and tests passed; 0 where no day was made. */
  readonly models: number;
  readonly tests: number;
}

/**
 * Makes each day whose files, or whose models, are not those of the last run, in one run of dbt; a day is published whole, when all tests passed.
 * @throws SFS_USAGE for days that are none; SFS_ARCHIVE_MISSING, SFS_ARCHIVE_SEALED, SFS_ARCHIVE_DAMAGED, SFS_BATCH_OUTPUT, SFS_PYTHON_MISSING,
 * SFS_DBT_FAILED, SFS_FILE_UNWRITABLE
 */
export async function runBatch({ archive, out, region, from, until, onDays }: BatchOptions): Promise<BatchReport> {
  const asked = daysBetween(from, until);
  await assertInClear(archive, [...BATCH_INPUTS.window, ...BATCH_INPUTS.history], region);
  const inputs = BatchInputs.of(archive, region, projectFolder);
  const outputs = BatchOutputs.open(out, region);
  const isChanged = (day: string): boolean => outputs.day(day)?.inputs !== inputs.digestOf(day);
  const changed = asked.filter(isChanged);
  const built = { models: 0, tests: 0 };
  const made: DayRecord[] = [];
  if (changed.length > 0) {
    onDays?.(changed);
    const { folder, features } = outputs.newWork(changed);
    const createdAt = new Date().toISOString();
    const variables = { archive: resolve(archive), region, inputs: inputs.variablesFor(changed[0]!, changed.at(-1)!), days: changed, features };
    Object.assign(built, await dbtBuild({ ...variables, created_at: createdAt.replace('Z', '') }, folder));
    for (const day of changed) made.push(await outputs.publish(features, { day, inputs: inputs.digestOf(day), createdAt }));
    outputs.dropWork();
  }
  const stale = outputs.days().filter((day) => !asked.includes(day) && isChanged(day));
  return { made, unchanged: asked.filter((day) => !changed.includes(day)), stale, ...built };
}
