/** How a command fails: what happened and what to do for people, one object for programs, and the exit code. */
import { CommanderError } from 'commander';
import { SkillForgeError, errorCodeOf, errorMessageOf } from '../../schemas/index.js';
import { EXIT } from './exitCodes.js';
import { jsonOf } from './output.js';
import { ERROR_REFERENCE, remedyOf } from './remedies.js';

/** How errors are shown. */
export interface FailureStyle {
  readonly json: boolean;
  readonly verbose: boolean;
}

const UNEXPECTED = 'SFS_UNEXPECTED';

/** A value on the command line that is not allowed, found after parsing. */
export function usageError(message: string): SkillForgeError {
  return new SkillForgeError('SFS_USAGE', message);
}

/** Reports a failure on standard error (with `json`: on standard output). Returns the exit code. */
export function reportFailure(error: unknown, style: FailureStyle): number {
  if (error instanceof CommanderError) return commanderFailure(error, style);
  const code = errorCodeOf(error, UNEXPECTED);
  const context = (error as { readonly context?: unknown } | null)?.context ?? {};
  if (style.json) process.stdout.write(`${jsonOf({ error: { code, message: errorMessageOf(error), context } })}\n`);
  else process.stderr.write(`${code}: ${errorMessageOf(error)}\n${hintOf(code)}\n`);
  if (style.verbose && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n${causesOf(error)}`);
  return exitCodeOf(code);
}

function exitCodeOf(code: string): number {
  if (code === UNEXPECTED) return EXIT.unexpected;
  return code === 'SFS_USAGE' ? EXIT.usage : EXIT.refused;
}

function hintOf(code: string): string {
  if (code === UNEXPECTED) return '  unexpected: run it again with --verbose and report the stack';
  return `  what to do: ${remedyOf(code) ?? `see ${ERROR_REFERENCE}, ${code}`}`;
}

/** Commander has printed its message; help and version are no failures. */
function commanderFailure(error: CommanderError, style: FailureStyle): number {
  if (error.exitCode === 0) return EXIT.ok;
  if (style.json) process.stdout.write(`${jsonOf({ error: { code: 'SFS_USAGE', message: error.message, context: { kind: error.code } } })}\n`);
  return EXIT.usage;
}

function causesOf(error: Error): string {
  const { cause } = error;
  return cause instanceof Error ? `caused by ${cause.stack ?? cause.message}\n${causesOf(cause)}` : '';
}
