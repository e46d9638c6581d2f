/** Makes Python environments: virtual environments with exactly the packages of a lock file of `ml/environments`. */
import { errorMessageOf } from '../../schemas/index.js';
import { cached, cachedPath } from '../services/cache.js';
import { aptInstall, findProgram, mustRun, runProgram } from '../services/programs.js';
import { inTurn } from '../services/inTurn.js';
import { installer } from './installer.js';
import { cacheName, interpreterIn, isInstalled, lockFile, pythonOf, type EnvironmentName } from './python.js';

type Report = (line: string) => void;

/** Overrides the Python that environments are made with. */
export const PYTHON_VARIABLE = 'SKILLFORGE_PYTHON';
/** Newest first, as far as all packages have been built for them. */
const NAMES = ['python3.13', 'python3.12', 'python3.11', 'python3', 'python'];
/** Prints where the interpreter is: a name on the PATH may be a script that chooses one. */
const SUITABLE = 'import sys, venv, ensurepip; print(sys.executable); sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))';

/** What is fetched for an environment, and how large it is then. */
const SIZES: Readonly<Record<EnvironmentName, string>> = {
  trainer: '440 MB',
  operations: '1.1 GB',
  batch: '100 MB',
  airflow: '200 MB',
  spark: '600 MB',
  manifests: '130 MB',
  'reader-peer': '40 MB',
  openbao: '75 MB',
};

/** Wheels: nothing is compiled, no script of a package runs. PySpark alone has none; it is an archive of jars. */
export const BUILT: readonly string[] = ['--only-binary', ':all:', '--no-binary', 'pyspark'];

/** Environments are made one after the other: most have packages in common, which are fetched once. */
const makeInTurn = inTurn();

/**
 * Makes an environment where it is missing; where it is there, nothing is asked of the network.
 *
 * @param report - takes a line about each step
 * @returns its interpreter; `null` where it cannot be had, after telling why
 */
export function makeEnvironment(environment: EnvironmentName, report: Report): Promise<string | null> {
  return makeInTurn(() => make(environment, report));
}

async function make(environment: EnvironmentName, report: Report): Promise<string | null> {
  if (isInstalled(environment)) return pythonOf(environment);
  const python = await findPython(report);
  if (python === null) {
    report(
      `it needs Python 3.11, 3.12 or 3.13 with venv. On Debian or Ubuntu: sudo apt-get install -y python3-venv; elsewhere set ${PYTHON_VARIABLE}`,
    );
    return null;
  }
  try {
    return interpreterIn(await cached(cacheName(environment), (folder) => fill(folder, environment, python, report)));
  } catch (error) {
    report(errorMessageOf(error));
    return null;
  }
}

/** A Python that environments can be made with: its interpreter; `null` where there is none. */
export async function findPython(report: Report): Promise<string | null> {
  const found = await suitablePython();
  if (found !== null) return found;
  await aptInstall(['python3-venv'], report);
  return suitablePython();
}

async function suitablePython(): Promise<string | null> {
  const given = process.env[PYTHON_VARIABLE];
  const paths = given ? [given] : NAMES.flatMap((name) => findProgram([name]) ?? []);
  for (const path of paths) {
    const { ok, output } = await runProgram(path, ['-c', SUITABLE]);
    if (ok) return output.split('\n').at(-1) ?? path;
  }
  return null;
}

async function fill(folder: string, environment: EnvironmentName, python: string, report: Report): Promise<void> {
  const { uv, variables } = await installer(python, report);
  report(`installing the packages of ml/environments/${environment}.lock (${SIZES[environment]}, once) into ${cachedPath(cacheName(environment))}`);
  // It is filled under another name: its programs must not hold on to that.
  await mustRun(uv, ['venv', '--quiet', '--relocatable', '--no-project', '--python', python, folder], variables);
  // Only what is in the lock file, by its digest.
  const exactly = ['--require-hashes', ...BUILT, '-r', lockFile(environment)];
  await mustRun(uv, ['pip', 'install', '--quiet', '--python', interpreterIn(folder), ...exactly], variables);
}

/** As a step of `npm run test:setup`. Always 0: without the packages the tests that need them are skipped and say so. */
export async function setUpEnvironment(environment: EnvironmentName, report: Report): Promise<0> {
  const python = await makeEnvironment(environment, report);
  report(python ?? 'its packages are missing, the tests that need them are skipped');
  return 0;
}
