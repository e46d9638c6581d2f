/**
 * `npm run ml:lock -- [names]`: writes `ml/environments/*.lock` anew from the `.in` files beside them, for every system and Python that is supported. Versions that are locked
 * stay as far as they still fit; `--upgrade` takes the newest.
 */
import { join } from 'node:path';
import { mustRun } from '../services/programs.js';
import { BUILT, findPython } from './environment.js';
import { installer } from './installer.js';
import { ENVIRONMENTS, pythonFolder } from './python.js';

const OLDEST_PYTHON = '3.11';
/** A file of digests and nothing else: no heading with a date, nothing of where packages come from. */
const PLAIN = ['--universal', '--generate-hashes', '--no-header', '--no-annotate', '--no-emit-index-url', '--no-emit-find-links'];

const report = (line: string): void => console.log(line);
const python = await findPython(report);
if (python === null) throw new Error(`no Python from ${OLDEST_PYTHON} on is here`);
const { uv, variables } = await installer(python, report);
const options = process.argv.slice(2).filter((one) => one.startsWith('--'));
const wanted = process.argv.slice(2).filter((one) => !one.startsWith('--'));
for (const name of wanted.length > 0 ? wanted : [...ENVIRONMENTS, 'installer']) {
  const file = (ending: string): string => join(pythonFolder, 'environments', `${name}.${ending}`);
  const which = ['--quiet', '--python-version', OLDEST_PYTHON, ...BUILT, '--output-file', file('lock')];
  await mustRun(uv, ['pip', 'compile', ...PLAIN, ...which, ...options, file('in')], variables);
  console.log(file('lock'));
}
