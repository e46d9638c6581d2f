/** The obligations of docs/reference/compliance.md, and how their commands are run. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../schemas/index.js';

/** An obligation with the commands that show what there is for it; none where there is nothing yet. */
export interface Obligation {
  readonly obligation: string;
  readonly commands: readonly string[];
}

/** What stands in place of commands. */
const NOT_YET = 'not yet';
const PROGRAM = 'skillforge ';

/** The rows of the page. */
export function obligationsIn(page: string): Obligation[] {
  const rows = page.split('\n').filter((line) => /^\| (?!obligation )/.test(line));
  return rows.map((row) => {
    const [, obligation = '', , shown = ''] = row.split('|').map((cell) => cell.trim());
    return { obligation, commands: shown === NOT_YET ? [] : [...shown.matchAll(/`([^`]+)`/g)].map((match) => match[1]!) };
  });
}

/** Where the page lies. */
export const compliancePagePath = (): string => join(packageRoot(), 'docs', 'reference', 'compliance.md');

/** Where commands are run, and on what. */
export interface Checkout {
  /** Root of the checkout. */
  readonly root: string;
  /** Folder of the school. */
  readonly data: string;
  /** Shows what commands print, always or where they fail. */
  readonly told: 'all' | 'failures' | 'nothing';
}

const MOST_PRINTED = 2 ** 28;
/** Characters of what a command printed last. */
const TAIL = 4_000;

/** Runs one command; true where it succeeds. */
export function succeeds(command: string, { root, data, told }: Checkout): boolean {
  const words = command.startsWith(PROGRAM)
    ? [process.execPath, '--import', 'tsx', 'scripts/skillforge.ts', ...command.split(' ').slice(1)]
    : command.split(' ');
  const { status, stdout, stderr } = spawnSync(words[0]!, words.slice(1), {
    cwd: root,
    env: { ...process.env, SKILLFORGE_DATA: data },
    encoding: 'utf8',
    maxBuffer: MOST_PRINTED,
    stdio: told === 'all' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  if (status !== 0 && told === 'failures') console.log(`$ ${command}\n${`${stdout}\n${stderr}`.slice(-TAIL)}`);
  return status === 0;
}
