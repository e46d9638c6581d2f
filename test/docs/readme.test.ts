/** The front page shows what its commands print, and only commands that run in a test. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { startCli } from '../scripts/commands/cliProcess.js';
import { allBlocks, blocksOf, readDocument } from './documents.js';
import { isAsSaid } from './walkthrough.js';
import { newFolder } from '../fixtures/folders.js';

const COMMAND = /node dist\/scripts\/skillforge\.js [^`\n]+/g;

/** What depends on the machine, beside what {@link isAsSaid} knows: the port, the folder. */
const anywhere = (text: string): string => text.replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT').replaceAll(/(folder +)\S+/g, '$1FOLDER');

describe('README.md', () => {
  it('shows what the first command prints', { timeout: 240_000 }, async () => {
    const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    expect(scripts['start']).toBe('npm run --silent build && node dist/scripts/skillforge.js start');
    const child = startCli(['start', '--data', newFolder()]);
    let printed = '';
    child.process.stdout!.on('data', (bytes: Buffer) => (printed += bytes.toString()));
    while (!printed.includes('Ctrl+C')) await Promise.race([once(child.process.stdout!, 'data'), child.result.then(fail)]);
    child.process.kill('SIGTERM');
    expect((await child.result).code).toBe(0);
    const [shown] = blocksOf('README.md', 'text');
    expect(isAsSaid(anywhere(shown!.text), anywhere(printed)), `it prints\n${printed}`).toBe(true);
  });

  it('shows two commands, which .ci/run takes, and beside them only such as a tutorial runs', () => {
    const marked = blocksOf('README.md', 'sh').map(({ text }) => text);
    const tested = ['docs/tutorials/first-topology.md', 'docs/tutorials/change-a-window.md']
      .flatMap((path) => allBlocks(path))
      .map(({ text }) => text);
    expect(marked.filter((command) => !tested.includes(command))).toEqual(['npm ci && npm start', 'npm ci && npm run test:setup && npm test']);
    const others = readDocument('README.md').match(COMMAND) ?? [];
    expect(others.filter((command) => !tested.includes(command))).toEqual([]);
  });
});

function fail({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): never {
  throw new Error(`it ended:\n${stdout}\n${stderr}`);
}
