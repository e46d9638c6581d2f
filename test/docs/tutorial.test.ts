/** The first tutorial does what it says: its commands run, its edits fit, and what is printed is what it shows. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { allBlocks, documents } from './documents.js';
import { runCli } from '../scripts/commands/cliProcess.js';
import { newProject } from '../scripts/commands/cliProcess.js';
import { edit, isAsSaid, runCommand } from './walkthrough.js';

const TUTORIAL = 'docs/tutorials/first-topology.md';
const blocks = allBlocks(TUTORIAL);
let project: string;
let printed = '';

beforeAll(() => {
  project = newProject();
});

describe(TUTORIAL, () => {
  it.each(blocks.map((block) => [`line ${block.line}, ${block.info}`, block] as const))(
    'does what it says: %s',
    { timeout: 60_000 },
    async (_, block) => {
      const { info, text } = block;
      if (info === 'sh') {
        const next = blocks[blocks.indexOf(block) + 1];
        const result = await runCommand(text, project);
        printed = result.printed;
        if (next?.info !== 'text') expect(result.code, printed).toBe(0);
      } else if (info === 'text') expect(isAsSaid(text, printed), `it prints\n${printed}`).toBe(true);
      else if (info.startsWith('ts part-of ')) expect(readFileSync(join(project, info.slice('ts part-of '.length)), 'utf8')).toContain(text);
      else {
        expect(info).toMatch(/^(diff|ts append) \S+\.ts$/);
        edit({ ...block, info: info.replace('ts append', 'ts') }, project);
      }
    },
  );
});

describe('a how-to', () => {
  /** These run in test/checks/package.test.ts and test/docs/importOulad.test.ts. */
  const elsewhere = ['docs/how-to/use-in-a-project.md', 'docs/how-to/import-oulad.md'];
  /**
   * These need servers: test/scripts/services/command.test.ts, test/integration/cluster/cluster.test.ts, test/integration/tools,
   * test/integration/keys and test/integration/faults run what they show.
   */
  const onServers = [
    'docs/how-to/run-the-servers.md',
    'docs/how-to/run-on-kafka.md',
    'docs/how-to/rescale.md',
    'docs/how-to/change-a-schema.md',
    'docs/how-to/back-up-the-state.md',
    'docs/how-to/survive-a-failover.md',
    'docs/how-to/encrypt-personal-values.md',
  ];
  const commands = documents()
    .filter((path) => path.startsWith('docs/how-to/') && ![...elsewhere, ...onServers].includes(path))
    .flatMap((path) => allBlocks(path).flatMap(({ info, text }) => (info === 'sh' ? [[path, text] as const] : [])));

  it.each(commands)('has commands that run on the folder of the tutorial: %s, %s', { timeout: 60_000 }, async (_, command) => {
    const result = await runCommand(command, project);
    expect(result.code, result.printed).toBe(0);
  });
});

describe('docs/how-to/run-on-kafka.md', () => {
  it('shows options that the command has', async () => {
    const commands = allBlocks('docs/how-to/run-on-kafka.md').filter(({ text }) => text.startsWith('skillforge run'));
    const shown = commands.flatMap(({ text }) => text.match(/--[a-z-]+/g) ?? []);
    expect(new Set(shown)).toEqual(new Set(['--kafka', '--redis', '--kafka-options', '--redis-options']));
    const { stdout } = await runCli(['run', '--help']);
    for (const option of shown) expect(stdout).toContain(`${option} <`);
  });
});

describe('what a document says of an output', () => {
  it('holds whatever the time, the rate and the offset', () => {
    expect(
      isAsSaid(
        'done: 5 records in 739 ms, 3,330/s\n0:17  2026-01-01T00:00:00.000Z  ada',
        'done: 5 records in 1.2 s, 4/s\n0:9  2026-02-02T01:02:03.004Z  ada\n',
      ),
    ).toBe(true);
  });

  it('does not hold for other numbers, missing lines or more lines', () => {
    expect(isAsSaid('5 records', '6 records')).toBe(false);
    expect(isAsSaid('a\nb', 'a')).toBe(false);
    expect(isAsSaid('a', 'a\nb')).toBe(false);
    expect(isAsSaid('a\n…', 'a\nb\nc')).toBe(true);
    expect(isAsSaid('a\n…\nd', 'a\nb\nc')).toBe(false);
  });
});
