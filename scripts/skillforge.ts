#!/usr/bin/env node
/** The command `skillforge`. */
import { reportFailure } from './commands/failures.js';
import { skillforgeProgram } from './commands/program.js';

/** A reader that has seen enough (`skillforge topics read clicks | head`) is no failure. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 4);
});

try {
  await skillforgeProgram().parseAsync();
} catch (error) {
  const has = (flag: string): boolean => process.argv.includes(flag);
  process.exitCode = reportFailure(error, { json: has('--json'), verbose: has('--verbose') });
}
