/** The Python of this project: its environments, where they are, and running programs in them. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { SkillForgeError, packageRoot } from '../../schemas/index.js';
import { cachedPath } from '../services/cache.js';

/** Folder of everything in Python. */
export const pythonFolder = join(packageRoot(), 'ml');

/**
 * Environments, each with packages of its own. `trainer` trains models; `operations` has the same and MLflow, Feast, Evidently; `batch` has
 * dbt on DuckDB; `airflow` runs the daily loop; `spark` proves that the heaviest batch model runs there, too; `manifests` checks what deploys all of it;
 * `reader-peer` is a reader in Python to compare with; `openbao` is no Python but brings the program of a key service.
 */
export const ENVIRONMENTS = ['trainer', 'operations', 'batch', 'airflow', 'spark', 'manifests', 'reader-peer', 'openbao'] as const;

/** One of {@link ENVIRONMENTS}. */
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

/** Those that are installed where none is named. */
export const USUAL_ENVIRONMENTS: readonly EnvironmentName[] = ['trainer', 'operations', 'batch', 'airflow', 'manifests', 'openbao'];

/** What is told to who asks for an environment that is not there. */
export const setupCommand = (environment: EnvironmentName): string => `npm run ml:setup -- ${environment}`;

/** A file of `ml/environments`. @throws {SkillForgeError} SFS_PYTHON_MISSING outside of a checkout */
export function environmentFile(name: string): string {
  const path = join(pythonFolder, 'environments', name);
  if (existsSync(path)) return path;
  throw new SkillForgeError('SFS_PYTHON_MISSING', `what is in Python is not there: ${path} is missing; it belongs to the checkout`);
}

/** The file that names the packages of an environment, with their digests. @throws {SkillForgeError} SFS_PYTHON_MISSING outside of a checkout */
export const lockFile = (environment: EnvironmentName): string => environmentFile(`${environment}.lock`);

/** Name in the cache of what a lock file names: it changes with the file, so that an old one is never taken for the new one. */
export function lockedName(prefix: string, lock: string): string {
  const digest = createHash('sha256').update(readFileSync(lock)).digest('hex');
  return `${prefix}-${digest.slice(0, 12)}`;
}

/** Name of an environment in the cache. */
export const cacheName = (environment: EnvironmentName): string => lockedName(`ml-${environment}`, lockFile(environment));

/** A program of a virtual environment. */
export const programIn = (folder: string, name: string): string =>
  process.platform === 'win32' ? join(folder, 'Scripts', `${name}.exe`) : join(folder, 'bin', name);

/** The interpreter of a virtual environment. */
export const interpreterIn = (folder: string): string => programIn(folder, 'python');

/** Whether an environment has been installed. */
export function isInstalled(environment: EnvironmentName): boolean {
  return existsSync(interpreterIn(cachedPath(cacheName(environment))));
}

/**
 * The interpreter of an environment.
 *
 * @throws {SkillForgeError} SFS_PYTHON_MISSING where it has not been installed
 */
export const pythonOf = (environment: EnvironmentName): string => programOf(environment, 'python');

/**
 * A program that a package of an environment brings, such as `dbt`, `mlflow`, `feast` or `airflow`.
 *
 * @throws {SkillForgeError} SFS_PYTHON_MISSING where the environment has not been installed
 */
export function programOf(environment: EnvironmentName, program: string): string {
  const path = programIn(cachedPath(cacheName(environment)), program);
  if (existsSync(path)) return path;
  throw new SkillForgeError('SFS_PYTHON_MISSING', `this needs Python packages that are not installed: ${setupCommand(environment)} (${path})`);
}

/**
 * Environment variables for Python: the modules of `ml` are found, and nothing is left beside them. What is compiled goes to the cache; without that,
 * starting would compile large packages anew each time. No package reports how it is used.
 */
export const pythonVariables = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PYTHONPATH: pythonFolder,
  PYTHONPYCACHEPREFIX: cachedPath('pycache'),
  PYTHONDONTWRITEBYTECODE: '',
  PYTHONUTF8: '1',
  DO_NOT_TRACK: '1',
  MLFLOW_DISABLE_TELEMETRY: 'true',
  DBT_SEND_ANONYMOUS_USAGE_STATS: 'false',
  FEAST_USAGE: 'False',
});

/** How a program in Python is run. */
export interface PythonRun {
  /** Takes a line of standard error: what is being done. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Variables besides {@link pythonVariables}. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** By default that of this process. */
  readonly cwd?: string | undefined;
}

/** How a program in Python ended. */
export interface PythonEnd {
  /** `null` where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  /** The last line of standard error that is not empty, without `error: ` before it. */
  readonly lastLine: string;
}

/**
 * Runs Python in an environment to its end, whatever its exit code, such as `['-m', 'skillforge_ml', 'verify', …]`.
 *
 * @throws {SkillForgeError} SFS_PYTHON_MISSING
 */
export async function endOfPython(environment: EnvironmentName, args: readonly string[], run: PythonRun = {}): Promise<PythonEnd> {
  const { onLine, env, cwd } = run;
  const python = pythonOf(environment);
  // The environment's programs come first for what Python starts itself.
  const variables = { ...pythonVariables(), PATH: `${dirname(python)}:${process.env['PATH'] ?? ''}`, ...env };
  const child = spawn(python, args, { env: variables, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  let lastLine = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.trim() !== '') lastLine = line.trim().replace(/^error: /, '');
    onLine?.(line);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { code, stdout, lastLine };
}

/**
 * Like {@link endOfPython}, where anything but exit code 0 is an error.
 *
 * @returns standard output
 * @throws {SkillForgeError} SFS_PYTHON_MISSING; SFS_PYTHON_FAILED with the last line of standard error
 */
export async function runPython(environment: EnvironmentName, args: readonly string[], run: PythonRun = {}): Promise<string> {
  const { code, stdout, lastLine } = await endOfPython(environment, args, run);
  if (code === 0) return stdout;
  throw new SkillForgeError('SFS_PYTHON_FAILED', `python ${args.slice(0, 3).join(' ')} ended with ${code ?? 'a signal'}: ${lastLine}`);
}

/**
 * Runs a command of the trainer, such as `['retrieval', '--export', …]`, to its end.
 *
 * @param onProgress - takes a line about each step
 * @returns the document that it prints with `--json`
 * @throws {SkillForgeError} SFS_PYTHON_MISSING; SFS_TRAINER_FAILED with the last line that the trainer printed
 */
export async function runTrainer(args: readonly string[], onProgress?: (line: string) => void): Promise<unknown> {
  const { code, stdout, lastLine } = await endOfPython('trainer', ['-m', 'skillforge_ml', ...args, '--json'], { onLine: onProgress });
  if (code === 0) return JSON.parse(stdout) as unknown;
  throw trainerFailed(code, lastLine);
}

/** What is thrown where training ended otherwise than it should. */
export const trainerFailed = (code: number | null, lastLine: string): SkillForgeError =>
  new SkillForgeError('SFS_TRAINER_FAILED', `training ended with ${code ?? 'a signal'}: ${lastLine}`);
