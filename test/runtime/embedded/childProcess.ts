/** Runs a file of `children/` in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const CHILDREN = join(import.meta.dirname, 'children');

export interface Child {
  readonly process: ChildProcess;
  /** Lines printed so far. */
  readonly lines: string[];
  /** Resolves with the first line that starts with `prefix`, also one printed before; rejects when the process ends without. */
  line(prefix: string): Promise<string>;
  /** Resolves with exit code and signal, once all output has arrived. */
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
}

/** @param script - name of a file of `children/`, or path of one that was compiled. @param limit - shell commands before, such as `ulimit -f 100` */
export function startChild(script: string, args: readonly string[], limit?: string): Child {
  const node = script.endsWith('.ts') ? ['--import', 'tsx', join(CHILDREN, script), ...args] : [script, ...args];
  const command = limit === undefined ? [process.execPath, ...node] : ['bash', '-c', `${limit}; exec "$0" "$@"`, process.execPath, ...node];
  const child = spawn(command[0]!, command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const errors: Buffer[] = [];
  child.stderr.on('data', (bytes: Buffer) => errors.push(bytes));
  const reader = createInterface(child.stdout);
  reader.on('line', (text) => lines.push(text));
  const ended = once(child, 'close').then(([code, signal]) => ({ code: code as number | null, signal: signal as string | null }));
  const line = async (prefix: string): Promise<string> => {
    for (;;) {
      const found = lines.find((text) => text.startsWith(prefix));
      if (found !== undefined) return found;
      const end = await Promise.race([once(reader, 'line').then(() => null), ended]);
      if (end !== null && !lines.some((text) => text.startsWith(prefix)))
        throw new Error(`${script} ended without "${prefix}": ${Buffer.concat(errors).toString()}`);
    }
  };
  return { process: child, lines, line, ended };
}
