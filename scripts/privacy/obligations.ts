/** The obligations of docs/reference/compliance.md, and the commands that show them. */
import { join } from 'node:path';
import { packageRoot } from '../../schemas/index.js';
import { isNeed, type Need } from '../checks/shown.js';

/** An obligation with the commands that show what there is for it; none where there is nothing yet. */
export interface Obligation {
  readonly obligation: string;
  readonly commands: readonly string[];
  /** What they need besides npm packages, by command; none where the page names nothing. */
  readonly needs: ReadonlyMap<string, readonly Need[]>;
}

/** What stands in place of commands. */
const NOT_YET = 'not yet';
const PROGRAM = 'skillforge ';
const TESTS = 'npx vitest run ';
/** A command, and what it needs: `npx vitest run test/a.test.ts` (needs Kafka and Redis). */
const COMMAND = /`([^`]+)`(?: \(needs ([^)]+)\))?/g;

/** The rows of the page. */
export function obligationsIn(page: string): Obligation[] {
  const rows = page.split('\n').filter((line) => /^\| (?!obligation )/.test(line));
  return rows.map((row) => {
    const [, obligation = '', , shown = ''] = row.split('|').map((cell) => cell.trim());
    const found = shown === NOT_YET ? [] : [...shown.matchAll(COMMAND)];
    return {
      obligation,
      commands: found.map((match) => match[1]!),
      needs: new Map(found.map(([, command, needs = '']) => [command!, needs.split(/, | and /).filter((word) => isNeed(word))])),
    };
  });
}

/** Whether a command is one of the command line: it works on the data that those before it left. */
export const isOfProgram = (command: string): boolean => command.startsWith(PROGRAM);

/** The test files that a command runs; `null` where it is no run of tests. */
export const testFilesOf = (command: string): string[] | null => (command.startsWith(TESTS) ? command.slice(TESTS.length).split(' ') : null);

/** Where the page lies. */
export const compliancePagePath = (): string => join(packageRoot(), 'docs', 'reference', 'compliance.md');
