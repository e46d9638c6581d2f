#!/usr/bin/env node
/** The command `skillforge`. */
import { setFlagsFromString } from 'node:v8';
import { reportFailure } from './commands/failures.js';
import { skillforgeProgram } from './commands/program.js';

// A worker's rows are short-lived: left alone, V8 lets the heap grow to four times what lives before it looks. Twice costs some 5 % of the
// rate and keeps the memory of a run flat.
setFlagsFromString('--heap-growing-percent=100');

/** A reader that has seen enough (`skillforge topics read clicks | head`) is no failure. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 4);
});

try {
  const program = await skillforgeProgram(process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  const has = (flag: string): boolean => process.argv.includes(flag);
  process.exitCode = reportFailure(error, { json: has('--json'), verbose: has('--verbose') });
}
