/** `npm run services`. */
import { reportFailure } from '../commands/failures.js';
import { servicesCommand } from './servicesCommand.js';

try {
  await servicesCommand().parseAsync();
} catch (error) {
  const has = (flag: string): boolean => process.argv.includes(flag);
  process.exitCode = reportFailure(error, { json: has('--json'), verbose: has('--verbose') });
}
