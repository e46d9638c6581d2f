/** Runs the real command line, built, in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KNOWN_SECRET } from '../../../scripts/checks/knownSecret.js';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';
import { sharedProgram } from '../../integration/servers.js';
import { newFolder } from '../../fixtures/folders.js';

const PROGRAM = await sharedProgram();

export interface CliResult {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of standard output as JSON. */
  json<T>(): T;
}

export interface CliChild {
  readonly process: ChildProcess;
  readonly result: Promise<CliResult>;
}

/** A user's project with the package installed, as it is built. */
export function newProject(): string {
  const project = newFolder();
  const modules = join(project, 'node_modules');
  mkdirSync(modules);
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }\n');
  symlinkSync(projectRoot, join(modules, 'skillforge-streams'));
  for (const name of ['rxjs', 'tsx']) symlinkSync(join(projectRoot, 'node_modules', name), join(modules, name));
  return project;
}

/** Starts `skillforge` with these arguments. */
export function startCli(args: readonly string[], cwd = tmpdir()): CliChild {
  const { SKILLFORGE_DATA: _, SKILLFORGE_REGION: __, ...env } = process.env;
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes: Buffer) => (output.stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (output.stderr += bytes.toString()));
  const result = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      // Whatever a test looks for, no process of the product prints a secret.
      if (`${output.stdout}${output.stderr}`.includes(KNOWN_SECRET)) reject(new Error(`skillforge ${args[0]} printed a secret`));
      else resolve({ code, signal, ...output, json: () => lastJson(output) });
    });
  });
  return { process: child, result };
}

/** Runs `skillforge` to its end. */
export const runCli = (args: readonly string[], cwd?: string): Promise<CliResult> => startCli(args, cwd).result;

function lastJson<T>({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): T {
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(last) as T;
  } catch {
    throw new Error(`no JSON at the end of the output:\n${stdout}\n${stderr}`);
  }
}
