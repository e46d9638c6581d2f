/** The front page shows what its commands print, and only commands that run in a test. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { newFolder, runCli } from '../scripts/commands/cliProcess.js';
import { allBlocks, blocksOf, readDocument } from './documents.js';
import { isAsSaid } from './walkthrough.js';

const COMMAND = /node dist\/scripts\/skillforge\.js [^`\n]+/g;

describe('README.md', () => {
  it('shows what the first command prints', { timeout: 120_000 }, async () => {
    const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    expect(scripts['start']).toMatch(/skillforge.* demo$/);
    const { stdout, code } = await runCli(['demo'], newFolder());
    expect(code).toBe(0);
    const [shown] = blocksOf('README.md', 'text');
    expect(isAsSaid(shown!.text, stdout), `it prints\n${stdout}`).toBe(true);
  });

  it('shows two commands, which .ci/run takes, and beside them only such as the tutorial runs', () => {
    const marked = blocksOf('README.md', 'sh').map(({ text }) => text);
    expect(marked).toEqual(['npm ci && npm start', 'npm ci && npm test']);
    const tested = allBlocks('docs/tutorials/first-topology.md').map(({ text }) => text);
    const others = readDocument('README.md').match(COMMAND) ?? [];
    expect(others.filter((command) => !tested.includes(command))).toEqual([]);
  });
});
