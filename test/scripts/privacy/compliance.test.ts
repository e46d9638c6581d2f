import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { skillforgeProgram } from '../../../scripts/commands/program.js';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';
import { isNeed } from '../../../scripts/checks/shown.js';
import { mutationPage, verdictOf, verdictsIn } from '../../../scripts/privacy/mutationPage.js';
import { chosenOf, mutated } from '../../../scripts/privacy/mutationRun.js';
import { MUTATIONS, NO_OBLIGATIONS } from '../../../scripts/privacy/mutations.js';
import { compliancePagePath, obligationsIn, testFilesOf } from '../../../scripts/privacy/obligations.js';
import { readInventory } from '../../../scripts/privacy/ownInventory.js';
import { temporaryFolder } from '../../fixtures/oulad/folder.js';

const page = readFileSync(compliancePagePath(), 'utf8');
const obligations = obligationsIn(page);
const commands = obligations.flatMap((one) => one.commands);

/** Which command a line means; it is parsed, not run. */
async function meant(line: string): Promise<string | null> {
  const words = line.split(' ').slice(1);
  const program = await skillforgeProgram(words);
  let found: string | null = null;
  const leaves = program.commands.flatMap((command) => (command.commands.length === 0 ? [command] : command.commands));
  for (const leaf of leaves) leaf.action(() => void (found = leaf.name()));
  await program.parseAsync(words, { from: 'user' });
  return found;
}

describe('the page of obligations', () => {
  it('names for each what shows it, or that there is nothing yet', () => {
    expect(obligations.length).toBeGreaterThan(10);
    expect(commands.length).toBeGreaterThan(10);
    const lines = page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| obligation'));
    expect(lines.filter((line) => !line.includes('`') && !line.endsWith('| not yet | not yet |') && !/ not yet \|$/.test(line))).toEqual([]);
  });

  it.each(commands.filter((command) => command.startsWith('skillforge ')))('names a command that there is: %s', async (command) => {
    expect(await meant(command)).toBe(
      command.split(' ').find((word, at) => at > 0 && !['privacy', 'decisions', 'oversight', 'deploy'].includes(word)),
    );
  });

  it.each(commands.filter((command) => !command.startsWith('skillforge ')))('names tests, or a check, that there are: %s', (command) => {
    expect(command).toMatch(/^npx vitest run( \S+)+$|^npm run check:\S+$/);
    for (const path of testFilesOf(command) ?? []) expect(existsSync(join(projectRoot, path)), path).toBe(true);
    const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    if (testFilesOf(command) === null) expect(Object.keys(scripts)).toContain(command.split(' ')[2]);
  });

  it('says what a command needs in words that a skipped test is compared with', () => {
    const named = [...page.matchAll(/` \(needs ([^)]+)\)/g)].flatMap(([, words]) => words!.split(/, | and /));
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((word) => !isNeed(word))).toEqual([]);
    expect(obligationsIn('| a | b | `npx vitest run test/a.test.ts` (needs Kafka and Redis), `x` |')).toEqual([
      {
        obligation: 'a',
        commands: ['npx vitest run test/a.test.ts', 'x'],
        needs: new Map([
          ['npx vitest run test/a.test.ts', ['Kafka', 'Redis']],
          ['x', []],
        ]),
      },
    ]);
  });

  it('has for each obligation with a command a mutation that is to turn it red, of code that is there', () => {
    const shown = obligations.filter(({ obligation, commands: some }) => some.length > 0 && !NO_OBLIGATIONS.includes(obligation));
    expect(MUTATIONS.map(({ obligation }) => obligation).sort()).toEqual(shown.map(({ obligation }) => obligation).sort());
    for (const mutation of MUTATIONS) {
      const { obligation, file, command } = mutation;
      expect(obligations.find((one) => one.obligation === obligation)!.commands, obligation).toContain(command);
      expect(mutated(readFileSync(join(projectRoot, file), 'utf8'), mutation), `${file} has the text of "${obligation}" once`).not.toBeNull();
    }
  });

  it('shows an inventory that can be read', () => {
    const [, json] = /```json\n([^`]*)```/.exec(page)!;
    const path = join(temporaryFolder(), 'inventory.json');
    writeFileSync(path, json!);
    expect(Object.keys(readInventory(path))).toEqual(['controller', 'activities', 'topics', 'topologies', 'stores']);
  });
});

describe('the page of mutations', () => {
  const tried = new Map([[MUTATIONS[2]!.obligation, { verdict: 'red', day: '2026-11-30' }]]);

  it('keeps what was tried before, and forgets it where the mutation is another one', () => {
    const text = mutationPage(tried);
    expect(verdictsIn(text)).toEqual(tried);
    expect(text).toContain(`1 of ${MUTATIONS.length} turn their command red.`);
    expect(text.split('\n').filter((line) => line.endsWith(' not run | |'))).toHaveLength(MUTATIONS.length - 1);
    expect(verdictsIn(text.replace(MUTATIONS[2]!.without, 'something else'))).toEqual(new Map());
  });

  it('takes no command for one that shows something that fails in any case', () => {
    expect(verdictOf({ turnedRed: true, isGreen: true })).toBe('red');
    expect(verdictOf({ turnedRed: true, isGreen: false })).not.toBe('red');
    expect(verdictOf({ turnedRed: false, isGreen: true })).not.toBe('red');
    expect(verdictOf({ turnedRed: null, isGreen: true })).not.toBe('red');
  });

  it('may be made anew for some obligations', () => {
    expect(chosenOf(obligations, ['ch. V', 'art. 18']).map(({ obligation }) => obligation)).toEqual([
      'GDPR art. 18, restriction',
      'GDPR ch. V, no transfer to another region',
    ]);
    expect(chosenOf(obligations, [])).toEqual(obligations);
  });
});
