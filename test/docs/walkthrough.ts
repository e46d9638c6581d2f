/** Follows a document: runs its commands, makes its edits, and tells what was printed beside what it says. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runCli } from '../scripts/commands/cliProcess.js';
import type { Block } from './documents.js';

const CLI = 'node dist/scripts/skillforge.js ';
const TEST = 'npx vitest run ';

interface Printed {
  readonly printed: string;
  readonly code: number | null;
}

/** Runs one command of the document. @throws Error for a command that no test can run */
export async function runCommand(command: string, project: string): Promise<Printed> {
  if (command.startsWith(CLI)) {
    const { stdout, stderr, code } = await runCli(command.slice(CLI.length).split(' '), project);
    // What is said on the way comes before the result, as on a terminal.
    return { printed: stderr + stdout, code };
  }
  if (!command.startsWith(TEST)) throw new Error(`the document has a command that its test does not know: ${command}`);
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const { NODE_OPTIONS: _, ...env } = process.env;
  const args = ['--import', tsx, '--test', command.slice(TEST.length)];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: project, env, encoding: 'utf8' });
  return { printed: stdout + stderr, code: status };
}

/** Makes the edit of a block such as "diff topologies/a.ts". @throws Error when the file does not hold what the edit takes away */
export function edit({ info, text, line }: Block, project: string): void {
  const [kind, path] = info.split(' ') as [string, string];
  const file = join(project, path);
  const before = readFileSync(file, 'utf8');
  if (kind === 'ts') return writeFileSync(file, `${before}${text}\n`);
  const side = (sign: string): string =>
    text
      .split('\n')
      .filter((one) => one.startsWith(sign) || one.startsWith(' '))
      .map((one) => one.slice(1))
      .join('\n');
  if (before.split(side('-')).length !== 2) throw new Error(`line ${line}: ${path} does not hold once what the edit takes away`);
  writeFileSync(
    file,
    before.replace(side('-'), () => side('+')),
  );
}

/** What differs from run to run: times, rates, offsets among markers, how the program was started. */
export function normalised(text: string): string[] {
  const plain = text
    .replaceAll(/node (?:--import tsx )?\S*scripts\/skillforge\.[jt]s/g, 'node dist/scripts/skillforge.js')
    .replaceAll(/\S*skillforge-start-\w+/g, 'FOLDER')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/[\d,.]+\/s/g, 'RATE')
    .replaceAll(/(?:\d+ min )?[\d,.]+ (?:ms|s)\b/g, 'DURATION')
    .replaceAll(/[\d,]+ outputs/g, 'N outputs')
    .replaceAll(/[\d,]+((?: +[\d,]+){3} +(?:yes|no)$)/gm, 'N$1') // the column of outputs in `counts`
    .replaceAll(/^(\d+):\d+ /gm, '$1:OFFSET ');
  return plain.split('\n').map((line) => line.replaceAll(/ +/g, ' ').trimEnd());
}

/** Whether `printed` has the lines that the document says, in order; a line "…" stands for any number of lines. How far slow work was is not said. */
export function isAsSaid(said: string, printed: string): boolean {
  const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = normalised(said.trim()).map((line) => (line.trim() === '…' ? '[\\s\\S]*' : `${escape(line)}\\n`));
  return new RegExp(`^${pattern.join('')}$`).test(`${normalised(withoutProgress(printed)).join('\n')}\n`);
}

const withoutProgress = (printed: string): string =>
  printed
    .trim()
    .split('\n')
    .filter((line) => !/[█░]{3}/.test(line))
    .join('\n');
