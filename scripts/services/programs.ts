/** Programs of this machine: finding them, running them to their end, and getting them where they are missing. */
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { inTurn } from './inTurn.js';

const APT = '/usr/bin/apt-get';
/** Messages of programs are long, and what went wrong stands at their end. */
const TAIL = 2_000;

/** The first program of these names on the `PATH`; `null` where there is none. */
export function findProgram(names: readonly string[], env: NodeJS.ProcessEnv = process.env): string | null {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable) ?? null;
}

/** Whether this user may run the file. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** How a program ended. */
export interface ProgramEnd {
  readonly ok: boolean;
  /** The end of what it printed, standard error included. */
  readonly output: string;
}

/** Runs a program to its end. One that cannot be started has failed. */
export function runProgram(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<ProgramEnd> {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const collect = (bytes: Buffer): void => {
    output = (output + bytes.toString()).slice(-TAIL);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, output: output.trim() }));
  });
}

/** Runs a program that has to do its work. @throws Error with the end of what it printed */
export async function mustRun(program: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<void> {
  const { ok, output } = await runProgram(program, args, env);
  if (!ok) throw new Error(`${program} ${args.slice(0, 3).join(' ')} failed: ${output}`);
}

/**
 * The commands that install Debian packages here, in order; `null` where there is no apt, or no right to use it.
 * @param sudo - how to become root, such as `['sudo', '-n']`; without it only root may
 */
export function aptCommands(packages: readonly string[], sudo: readonly string[] = []): readonly (readonly string[])[] | null {
  const mayInstall = sudo.length > 0 || process.getuid?.() === 0;
  if (!existsSync(APT) || !mayInstall) return null;
  const apt = [...sudo, APT, '-qq', '-o', 'Dpkg::Use-Pty=0', '-o', 'DPkg::Lock::Timeout=300'];
  return [
    [...apt, 'update'],
    [...apt, 'install', '-y', '--no-install-recommends', ...packages],
  ];
}

/** Nothing is asked, and the package of a server does not start it: its scripts take run level 1 for one without services. */
export const aptEnvironment = (): NodeJS.ProcessEnv => ({ ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' });

/** apt-get updates its lists for one caller at a time, and does not wait for another. */
const installInTurn = inTurn();

/** Installs Debian packages where this user is root. Whether it worked is seen by looking for the program. */
export function aptInstall(packages: readonly string[], report: (line: string) => void): Promise<void> {
  return installInTurn(() => installAlone(packages, report));
}

async function installAlone(packages: readonly string[], report: (line: string) => void): Promise<void> {
  const commands = aptCommands(packages);
  if (commands === null) return;
  report(`installing ${packages.join(', ')} with apt-get`);
  for (const [program, ...args] of commands) {
    const { ok, output } = await runProgram(program!, args, aptEnvironment());
    if (!ok) report(`apt-get failed: ${output}`);
  }
}
