/** `skillforge start` in a process of its own, up to where it serves. */
import { once } from 'node:events';
import { startCli, type CliChild } from './commands/cliProcess.js';

/** A start that serves. */
export interface StartedSchool {
  readonly child: CliChild;
  /** What it has printed so far: a document a line. */
  readonly lines: () => Readonly<Record<string, unknown>>[];
}

/** Starts it; resolves when it has said where it serves. @throws what it printed where it ends instead */
export async function startSchool(...args: string[]): Promise<StartedSchool> {
  const child = startCli(['start', '--json', '--port', '0', ...args]);
  let text = '';
  child.process.stdout!.on('data', (bytes: Buffer) => (text += bytes.toString()));
  const ended = child.result.then(({ stdout, stderr }) => Promise.reject(new Error(stdout + stderr)));
  try {
    while (!/"serving".*\n/.test(text)) await Promise.race([once(child.process.stdout!, 'data'), ended]);
  } catch (error) {
    child.process.kill('SIGKILL');
    throw error;
  }
  ended.catch(() => undefined);
  return { child, lines: () => linesOf(text) };
}

/** The documents of what it printed, one a line. */
export const linesOf = (text: string): Readonly<Record<string, unknown>>[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
