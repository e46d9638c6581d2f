/** `npm run compliance`: runs the commands of docs/reference/compliance.md on a folder of their own, in their order. Exit code 1 where one fails. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
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

/** Runs one command from the root of the checkout; true where it succeeds. Its output is shown. */
function succeeds(command: string, data: string): boolean {
  const words = command.startsWith(PROGRAM)
    ? [process.execPath, '--import', 'tsx', 'scripts/skillforge.ts', ...command.split(' ').slice(1)]
    : command.split(' ');
  const { status } = spawnSync(words[0]!, words.slice(1), { cwd: packageRoot(), env: { ...process.env, SKILLFORGE_DATA: data }, stdio: 'inherit' });
  return status === 0;
}

/** Runs the commands of an obligation. @returns those that failed */
function shown({ obligation, commands }: Obligation, data: string): string[] {
  console.log(`\n== ${obligation}${commands.length === 0 ? ': not yet' : ''}`);
  return commands.filter((command) => {
    console.log(`$ ${command}`);
    return !succeeds(command, data);
  });
}

function main(): number {
  const folder = mkdtempSync(join(tmpdir(), 'skillforge-compliance-'));
  const failed: string[] = [];
  const obligations = obligationsIn(readFileSync(compliancePagePath(), 'utf8'));
  try {
    for (const obligation of obligations) failed.push(...shown(obligation, join(folder, 'data')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const missing = obligations.filter(({ commands }) => commands.length === 0).length;
  console.log(`\n${obligations.length - missing} obligations shown, ${missing} not yet; ${failed.length} commands failed`);
  failed.forEach((command) => console.log(`  ${command}`));
  return failed.length === 0 ? 0 : 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = main();
