/** Command lines that documents show can be given as they stand: the command is there, with these arguments, options and values. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { skillforgeProgram } from '../../scripts/commands/program.js';
import { servicesCommand } from '../../scripts/services/servicesCommand.js';
import { allBlocks, documents, readDocument } from './documents.js';

const PROGRAM = /^(?:\$ )?(?:[A-Z_]+=\S+ )*(?:skillforge|npx skillforge|node dist\/scripts\/skillforge\.js) (.+)$/;
const SERVICES = /^npm run services(?: -- (.+))?$/;
/** What stands for something else, or may be left out: a person does not type that. */
const NOT_TYPED = /…|[<[][\w-]|\$\(/;
/** Written from the commands themselves; cliUsage.test.ts parses its examples. */
const GENERATED = 'docs/reference/cli.md';
const SLOW_MS = 240_000;
const BLOCKS = ['', 'sh', 'text', 'console'];

/** The words of a command line as a shell sees them, up to what is another command or a comment. */
function wordsOf(line: string): string[] {
  const [command = ''] = line.split(/ (?:[|&;#]|&&|>+) ?/);
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) => double ?? single ?? plain!);
}

interface Shown {
  readonly where: string;
  readonly line: string;
}

/** Lines of blocks, and what stands in backticks. */
function shown(inline: boolean): Shown[] {
  return documents()
    .filter((path) => path !== GENERATED)
    .flatMap((path) => {
      const lines = inline
        ? [...readDocument(path).matchAll(/(?<!`)`([^`\n]+)`(?!`)/g)].map(([, line]) => line!)
        : allBlocks(path)
            .filter(({ info }) => BLOCKS.includes(info))
            .flatMap(({ text }) => text.replaceAll(/\\\n\s*/g, '').split('\n'));
      return lines.map((line) => ({ where: path, line: line.trim() }));
    });
}

const leavesOf = (command: Command): Command[] => (command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf));

/** Why a command line cannot be given; `null` where it can. Nothing is run. */
async function refusal(program: Command, words: readonly string[]): Promise<string | null> {
  for (const leaf of leavesOf(program)) leaf.action(() => undefined).configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  return program.parseAsync(words, { from: 'user' }).then(
    () => null,
    (error: unknown) => ((error as { code?: string }).code === 'commander.helpDisplayed' ? null : String(error)),
  );
}

/** Why no command has what a mention in a sentence names; arguments may be left out there. */
async function unknownMention(words: readonly string[]): Promise<string | null> {
  let command = await skillforgeProgram(words);
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined) break;
    command = next;
  }
  if (command.name() === 'skillforge' && /^[a-z]/.test(words[0] ?? '')) return `there is no command ${words[0]}`;
  // `archive` alone means a command of its group.
  const options = leavesOf(command).flatMap((leaf) => leaf.options.map(({ long }) => long));
  const unknown = words.filter((word) => word.startsWith('--') && word !== '--help' && !options.includes(word.replace(/=.*/, '')));
  return unknown.length === 0 ? null : `${command.name()} has no ${unknown.join(', ')}`;
}

describe('what documents show', { timeout: SLOW_MS }, () => {
  it('of skillforge in blocks can be typed', async () => {
    const refused: string[] = [];
    let count = 0;
    for (const { where, line } of shown(false)) {
      const command = PROGRAM.exec(line)?.[1];
      if (command === undefined || NOT_TYPED.test(command)) continue;
      count++;
      const words = wordsOf(command);
      const why = await refusal(await skillforgeProgram(words), words);
      if (why !== null) refused.push(`${where}: ${line}\n  ${why}`);
    }
    expect(refused).toEqual([]);
    expect(count).toBeGreaterThan(100);
  });

  it('of skillforge in sentences is there', async () => {
    const refused: string[] = [];
    let count = 0;
    for (const { where, line } of shown(true)) {
      const command = PROGRAM.exec(line)?.[1];
      if (command === undefined || !/^[a-z-]/.test(command)) continue;
      count++;
      const why = await unknownMention(wordsOf(command));
      if (why !== null) refused.push(`${where}: ${line}\n  ${why}`);
    }
    expect(refused).toEqual([]);
    expect(count).toBeGreaterThan(100);
  });

  it('of the scripts of the package is there, and servers can be started so', async () => {
    const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    const refused: string[] = [];
    for (const { where, line } of [...shown(false), ...shown(true)]) {
      const script = /^npm run (?:--silent )?([\w:-]+)/.exec(line)?.[1];
      if (script !== undefined && scripts[script] === undefined) refused.push(`${where}: ${line}\n  there is no script ${script}`);
      const options = SERVICES.exec(line);
      if (options === null) continue;
      const why = await refusal(servicesCommand(), wordsOf(options[1] ?? ''));
      if (why !== null) refused.push(`${where}: ${line}\n  ${why}`);
    }
    expect(refused).toEqual([]);
  });
});
