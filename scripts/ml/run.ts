/** `npm run ml -- COMMAND …`: a command of the trainer, such as `npm run ml -- retrieval --help`. */
import { spawnSync } from 'node:child_process';
import { errorMessageOf } from '../../schemas/index.js';
import { pythonOf, pythonVariables } from './python.js';

try {
  const args = ['-m', 'skillforge_ml', ...process.argv.slice(2)];
  process.exitCode = spawnSync(pythonOf('trainer'), args, { env: pythonVariables(), stdio: 'inherit' }).status ?? 1;
} catch (error) {
  console.error(`error: ${errorMessageOf(error)}`);
  process.exitCode = 1;
}
