/** Runs the dbt project of the batch features. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SkillForgeError } from '../../schemas/index.js';
import { endOfPython, pythonFolder } from '../ml/python.js';
import type { InputVariables } from './inputs.js';

/** Where the models are. */
export const projectFolder = join(pythonFolder, 'batch');

/** What the models are told: the variables of `dbt_project.yml`. */
export interface DbtVariables {
  /** Absolute path. */
  readonly archive: string;
  readonly region: string;
  readonly inputs: Readonly<Record<string, InputVariables>>;
  readonly days: readonly string[];
  readonly created_at: string;
  /** Absolute path, with a folder for each day of each model. */
  readonly features: string;
}

interface RunResult {
  readonly unique_id: string;
  readonly status: string;
  readonly message: string | null;
}

/** What is told of the models and tests that failed. */
const MOST_TOLD = 5;

/**
 * Makes all models and runs all tests on them. @param work - folder for what dbt leaves
 * @returns how many models were made, and tests passed
 * @throws SFS_PYTHON_MISSING; SFS_DBT_FAILED with the models and tests that failed
 */
export async function dbtBuild(variables: DbtVariables, work: string): Promise<{ readonly models: number; readonly tests: number }> {
  const target = join(work, 'target');
  const places = ['--project-dir', projectFolder, '--profiles-dir', projectFolder, '--target-path', target, '--log-path', join(work, 'logs')];
  const { code, stdout } = await endOfPython(
    'batch',
    ['-m', 'dbt.cli.main', '--no-use-colors', '--no-partial-parse', 'build', ...places, '--vars', JSON.stringify(variables)],
    { env: { SKILLFORGE_BATCH_DATABASE: join(work, 'batch.duckdb') }, cwd: work },
  );
  const results = resultsIn(target);
  if (code !== 0) throw failure(results, stdout);
  const succeeded = (kind: string): number => results.filter(({ unique_id }) => unique_id.startsWith(`${kind}.`)).length;
  return { models: succeeded('model'), tests: succeeded('test') };
}

function resultsIn(target: string): readonly RunResult[] {
  const path = join(target, 'run_results.json');
  if (!existsSync(path)) return [];
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly results: readonly RunResult[] }).results;
}

function failure(results: readonly RunResult[], output: string): SkillForgeError {
  const failed = results.filter(({ status }) => status === 'error' || status === 'fail');
  // Without results dbt did not get as far as running: its last words say why.
  const told = failed.map(({ unique_id, message }) => `${nameOf(unique_id)}: ${(message ?? 'failed').trim().split('\n')[0]!}`);
  const reasons = told.length > 0 ? told : output.trim().split('\n').slice(-MOST_TOLD);
  const more = reasons.length > MOST_TOLD ? ` and ${reasons.length - MOST_TOLD} more` : '';
  return new SkillForgeError(
    'SFS_DBT_FAILED',
    `dbt refuses what it made, and nothing is published: ${reasons.slice(0, MOST_TOLD).join('; ')}${more}`,
    {
      context: { failed: failed.map(({ unique_id }) => nameOf(unique_id)) },
    },
  );
}

/** `test.skillforge_batch.in_range_stg_quiz_results_score__1__0.3f2a` is `in_range_stg_quiz_results_score__1__0`. */
const nameOf = (uniqueId: string): string => uniqueId.split('.')[2] ?? uniqueId;
