/** The how-to about the data set: its commands run over a small one. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SMALL, writeOulad } from '../fixtures/oulad/files.js';
import { runCli } from '../scripts/commands/cliProcess.js';
import { allBlocks } from './documents.js';
import { newProject } from '../scripts/commands/cliProcess.js';
import { runCommand } from './walkthrough.js';

const PAGE = 'docs/how-to/import-oulad.md';
const SLOW_MS = 240_000;

describe(PAGE, () => {
  it('imports, runs all topologies, reconciles and goes on as it says', { timeout: SLOW_MS }, async () => {
    const project = newProject();
    mkdirSync(join(project, 'oulad'));
    writeOulad(SMALL, join(project, 'oulad'));
    const commands = allBlocks(PAGE).flatMap(({ info, text }) => (info === 'sh' ? [text] : []));
    expect(commands).toHaveLength(3);
    const printed: string[] = [];
    for (const command of commands) {
      const result = await runCommand(command, project);
      expect(result.code, result.printed).toBe(0);
      printed.push(result.printed);
    }
    const [first, counts, later] = printed;
    expect(first).toContain('the clock of the data stands at 2014-12-01T00:00:00Z');
    expect(first).toMatch(/\nrecommendations@\d+: 12 tasks, 0 waiting; .* 0 dead letters\n/);
    expect(first).toMatch(/\nthe whole job: 1 click in /);
    expect(counts).toContain('everything reconciles');
    expect(later).toMatch(/imported 0 records/);
    expect(later).toContain('the clock of the data stands at 2015-01-30T00:00:00Z');
    const made = (await runCli(['topics', 'read', 'recommendations', '--json'], project)).stdout.trimEnd().split('\n');
    expect(new Set(made.map((line) => (JSON.parse(line) as { key: string }).key))).toEqual(new Set(['12']));
  });
});
