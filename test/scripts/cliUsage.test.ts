import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { EXIT_MEANINGS } from '../../scripts/commands/exitCodes.js';
import { examplesOf } from '../../scripts/commands/options.js';
import { skillforgeProgram } from '../../scripts/commands/program.js';
import { cliReference, referencePath } from '../../scripts/commands/reference.js';
import { runCli } from './commands/cliProcess.js';
import { newFolder } from '../fixtures/folders.js';

const SLOW_MS = 60_000;

const leavesOf = (command: Command): Command[] => (command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf));
const leaves = leavesOf(await skillforgeProgram()).map((command) => [command.name(), command] as const);

/** Parses a command line without running it; returns the command that it means. */
async function parsed(line: string): Promise<string> {
  const words = [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word).slice(1);
  const program = await skillforgeProgram(words);
  let meant = '';
  for (const leaf of leavesOf(program)) leaf.action(() => void (meant = leaf.name()));
  await program.parseAsync(words, { from: 'user' });
  return meant;
}

describe('the help', () => {
  it.each(leaves)('of %s explains itself: summary, description, --json, examples that parse', async (name, command) => {
    expect(command.summary()).not.toBe('');
    expect(command.description().length).toBeGreaterThan(40);
    expect(command.options.map((option) => option.long)).toEqual(expect.arrayContaining(['--json', '--verbose']));
    expect(examplesOf(command).length).toBeGreaterThan(0);
    for (const example of examplesOf(command)) expect(await parsed(example)).toBe(name);
  });

  it('is printed on request, with exit code 0', { timeout: SLOW_MS }, async () => {
    const help = await runCli(['--help']);
    expect(help.code).toBe(0);
    expect(help.stdout).toContain('Usage: skillforge');
    expect(help.stdout).toContain('Start with');
    const read = await runCli(['topics', 'read', '--help']);
    expect(read.code).toBe(0);
    expect(read.stdout).toContain('Examples:');
  });
});

describe('docs/reference/cli.md', () => {
  it('is what the commands say of themselves', async () => {
    expect(readFileSync(referencePath(), 'utf8')).toBe(await cliReference());
  });

  it('explains every exit code', async () => {
    const text = await cliReference();
    for (const [code, meaning] of EXIT_MEANINGS) expect(text).toContain(`| ${code} | ${meaning} |`);
  });
});

describe('what is wrong on the command line', () => {
  it.each([
    [['topics', 'raed'], /unknown command 'raed'/],
    [['topics', 'read'], /missing required argument 'topic'/],
    [['lag', '--no-such-option'], /unknown option '--no-such-option'/],
    [['topics', 'read', 'clicks', '--from', 'yesterday'], /Give an offset, earliest or latest/],
    [['topology', 'describe', 'item-trends', '--mermaid'], /SFS_USAGE: there is no option --mermaid: give --format mermaid/],
    [['dlq', 'replay'], /SFS_USAGE: name the dead letters to replay, or give --all/],
  ])('%s is a usage error', { timeout: SLOW_MS }, async (args, message) => {
    const { code, stderr } = await runCli([...args]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it('is JSON for programs', { timeout: SLOW_MS }, async () => {
    expect((await runCli(['lag', '--json', '--no-such-option'])).json()).toMatchObject({ error: { code: 'SFS_USAGE' } });
  });
});

describe('a refusal', () => {
  it('gives its code, a hint and exit code 3; the stack only when asked', { timeout: SLOW_MS }, async () => {
    const missing = join(newFolder(), 'none');
    const text = await runCli(['topics', 'list', '--data', missing]);
    expect(text.code).toBe(3);
    expect(text.stderr).toBe(`SFS_FOLDER_MISSING: ${missing} holds no storage\n  what to do: Correct the path, or let a writer create it first.\n`);
    const json = await runCli(['topics', 'list', '--json', '--verbose', '--data', missing]);
    expect(json.code).toBe(3);
    expect(json.json()).toEqual({ error: { code: 'SFS_FOLDER_MISSING', message: `${missing} holds no storage`, context: { folder: missing } } });
    expect(json.stderr).toContain('    at ');
  });
});
