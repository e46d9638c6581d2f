/** The heaviest model on Spark: the rows that DuckDB makes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { projectFolder } from '../../../scripts/batch/dbt.js';
import { runPython } from '../../../scripts/ml/python.js';
import { skipUnlessLong } from '../../fixtures/longForms.js';
import { skipWithoutPython } from '../../fixtures/pythonPackages.js';
import { BatchSchool, REGION, type FeatureRow } from './batchSchool.js';
import { newFolder } from '../../fixtures/folders.js';

const SLOW_MS = 600_000;
const DAYS = ['2025-09-06', '2025-09-09'];

/** Equal to the last bits of a sum: counts, shares and quantiles of small counts are exact. */
const comparable = (rows: readonly FeatureRow[]): unknown[] =>
  rows.map(({ created_timestamp: _, ...row }) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value])),
  );

describe('cohort_pace on Spark', () => {
  it('has the rows of DuckDB', { timeout: SLOW_MS }, async (context) => {
    skipUnlessLong(context, 'OPERATIONS');
    skipWithoutPython(context, 'batch', 'spark');
    const school = await BatchSchool.open();
    const made = await school.run('2025-09-06', '2025-09-10');
    expect(made.code, made.stdout + made.stderr).toBe(0);
    const out = newFolder();
    const places = ['--archive', school.archive, '--region', REGION, '--out', out];
    const program = join(projectFolder, 'spark', 'cohort_pace.py');
    await runPython('spark', [program, ...places, '--days', DAYS.join(), '--created-at', '2025-09-10T01:00:00Z']);
    for (const day of DAYS) {
      const path = join(out, `day=${day}`, 'part.parquet');
      expect(existsSync(path)).toBe(true);
      const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
      expect(rows.length).toBeGreaterThan(1);
      expect(comparable(rows)).toEqual(comparable(await school.rows('cohort_pace', day)));
    }
  });
});
