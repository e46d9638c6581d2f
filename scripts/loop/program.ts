/** The command line as a user has it: the built program, in processes of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../../schemas/index.js';

/** What a command ended with. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const PROGRAM = join(packageRoot(), 'dist', 'scripts', 'skillforge.js');
/** Lines of a failed command that are told. */
const TOLD_LINES = 12;

/** Commands of `skillforge` in one setting: where Kafka, Redis and MLflow are comes as environment variables. */
export class Program {
  /** @param env - added to that of this process */
  constructor(
    private readonly folder: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /** Runs a command to its end. */
  async ended(...args: readonly string[]): Promise<Ended> {
    const child = this.start(args);
    let stdout = '';
    let stderr = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, stdout, stderr };
  }

  /** Runs a command, which has to succeed, with `--json`. @returns the last document that it printed */
  async json(...args: readonly string[]): Promise<unknown> {
    const { code, stdout, stderr } = await this.ended(...args, '--json');
    if (code === 0) return JSON.parse(lastLine(stdout));
    const told = `${stdout}${stderr}`.trimEnd().split('\n').slice(-TOLD_LINES).join('\n');
    throw new Error(`skillforge ${args.join(' ')} ended with ${code}:\n${told}`);
  }

  /** Starts a command that goes on until it is stopped. */
  start(args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [PROGRAM, ...args], { cwd: this.folder, env: { ...process.env, ...this.env }, stdio: ['ignore', 'pipe', 'pipe'] });
  }
}

/** Asks a process to end, and waits until it has. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';
