/** `npm run ml:test`: the tests of the trainer. Arguments go to pytest: `npm run ml:test -- -k bundle`. */
import { spawnSync } from 'node:child_process';
import { errorMessageOf } from '../../schemas/index.js';
import { pythonFolder, pythonOf, pythonVariables } from './python.js';

try {
  const args = ['-m', 'pytest', '-p', 'no:cacheprovider', ...process.argv.slice(2)];
  process.exitCode = spawnSync(pythonOf('trainer'), args, { cwd: pythonFolder, env: pythonVariables(), stdio: 'inherit' }).status ?? 1;
} catch (error) {
  console.error(`error: ${errorMessageOf(error)}`);
  process.exitCode = 1;
}
