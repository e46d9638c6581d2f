/** A process that starts servers, with a folder for temporary files of its own, and what is left of it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll } from 'vitest';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';

const PATIENCE_MS = 60_000;
const LOOK_MS = 100;

const children: ChildProcess[] = [];
const folders: string[] = [];
afterAll(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL'); // of a test that failed
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export interface Starter {
  readonly process: ChildProcess;
  /** Where its servers' folders lie. */
  readonly temporary: string;
  /** Both of its outputs. */
  readonly printed: () => string;
  /** Waits until it has printed this. Fails when it ends before. */
  said(text: string): Promise<void>;
  /** Waits until it and its output have ended. Returns its exit code. */
  ended(): Promise<number | null>;
}

/** Runs a TypeScript file of the project in a process of its own. */
export function startScript(path: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Starter {
  const temporary = mkdtempSync(join(tmpdir(), 'skillforge-starter-'));
  folders.push(temporary);
  const child = spawn(process.execPath, ['--import', 'tsx', path, ...args], {
    cwd: projectRoot,
    env: { ...process.env, ...env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let printed = '';
  const collect = (bytes: Buffer): void => void (printed += bytes.toString());
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const end = once(child, 'close').then(([code]) => code as number | null);
  const said = async (text: string): Promise<void> => {
    while (!printed.includes(text)) {
      if (child.exitCode !== null) throw new Error(`it ended without saying ${text}:\n${printed}`);
      await sleep(LOOK_MS);
    }
  };
  return { process: child, temporary, printed: () => printed, said, ended: () => end };
}

/** What is left in this folder: processes that work there or name it (a dead one that nobody waited for does neither), and servers' files. */
export function leftovers(folder: string): string[] {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const processes = ids.map((id) => `${workingFolder(id)} ${commandLine(id)}`).filter((text) => text.includes(folder));
  return [...processes, ...readdirSync(folder).filter((name) => name.startsWith('skillforge-services-'))];
}

/** Waits until nothing is left; returns what still is when patience ends. */
export async function settledLeftovers(folder: string): Promise<string[]> {
  const limitMs = performance.now() + PATIENCE_MS;
  while (leftovers(folder).length > 0 && performance.now() < limitMs) await sleep(LOOK_MS);
  return leftovers(folder);
}

/** A Redis gives itself another command line, without its folder. */
const workingFolder = (id: string): string => unlessEnded(() => readlinkSync(`/proc/${id}/cwd`));

const commandLine = (id: string): string => unlessEnded(() => readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' '));

function unlessEnded(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
