/** The change of a window, as the tutorial tells it: in a copy of the checkout, edit by edit and command by command. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { allBlocks, type Block } from './documents.js';
import { edit, isAsSaid } from './walkthrough.js';

const SLOW_MS = 120_000;
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const TUTORIAL = 'docs/tutorials/change-a-window.md';
const CLI = 'node dist/scripts/skillforge.js ';
const VITEST = 'npx vitest run ';

const copies: string[] = [];
afterAll(() => copies.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A checkout of its own: what is changed there shall run there. */
function newCheckout(): string {
  const copy = mkdtempSync(join(tmpdir(), 'skillforge-checkout-'));
  copies.push(copy);
  const left = ['node_modules', 'dist', '.git', 'bench', 'docs/images'].map((name) => join(projectRoot, name));
  cpSync(projectRoot, copy, { recursive: true, filter: (path) => !left.includes(path) });
  symlinkSync(join(projectRoot, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

interface Ran {
  readonly code: number | null;
  readonly printed: string;
}

/** A command of the documents; the command line without a build. @throws Error for a command that no test can run */
function run(command: string, checkout: string): Ran {
  const [program, args] = [
    [CLI, ['--import', TSX, join(checkout, 'scripts', 'skillforge.ts')]] as const,
    [VITEST, [join(checkout, 'node_modules', 'vitest', 'vitest.mjs'), 'run']] as const,
  ].find(([begin]) => command.startsWith(begin)) ?? [null, []];
  if (program === null) throw new Error(`the document has a command that its test does not know: ${command}`);
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|SKILLFORGE)/.test(name)));
  const options = { cwd: checkout, env, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [...args, ...command.slice(program.length).split(' ')], options);
  return { code: status, printed: stderr + stdout };
}

const titled = (blocks: readonly Block[]): [string, Block][] => blocks.map((block) => [`line ${block.line}, ${block.info}`, block]);

describe(TUTORIAL, () => {
  const blocks = allBlocks(TUTORIAL);
  let checkout = '';
  let printed = '';
  beforeAll(() => {
    checkout = newCheckout();
  });

  it.each(titled(blocks))('does what it says: %s', { timeout: SLOW_MS }, (_, block) => {
    const { info, text } = block;
    if (info === 'sh start') return expect(text).toBe('npm start');
    if (info === 'text') return expect(isAsSaid(text, printed), `it prints\n${printed}`).toBe(true);
    if (info.startsWith('ts part-of ')) return expect(readFileSync(join(checkout, info.slice('ts part-of '.length)), 'utf8')).toContain(text);
    if (info.startsWith('diff ')) return edit(block, checkout);
    const ran = run(text, checkout);
    ({ printed } = ran);
    expect(ran.code === 0, printed).toBe(info === 'sh');
    expect(['sh', 'sh fails']).toContain(info);
  });
});

describe('README.md', () => {
  it('changes the window as the tutorial does, whose test makes these edits and runs this command', () => {
    const said = allBlocks(TUTORIAL).map(({ info, text }) => `${info}\n${text}`);
    const shown = allBlocks('README.md').filter(({ info, text }) => info.startsWith('diff ') || text.startsWith(VITEST));
    expect(shown.map(({ info }) => info)).toEqual(['diff test/topologies/engagementWindows.test.ts', 'diff topologies/learner-engagement.ts', 'sh']);
    expect(shown.filter(({ info, text }) => !said.includes(`${info}\n${text}`))).toEqual([]);
  });
});
