/** `npm run loop`: the daily loop on real servers, from events to a served model and back. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { errorMessageOf, packageRoot } from '../../schemas/index.js';
import { Loop, SIZES, type LoopObserver } from './loop.js';
import { loopPage } from './page.js';

const values = new Command('npm run loop --')
  .description(
    `Goes the daily loop on servers of its own: events, features, training, gates,
promotion, serving, a poisoned day, and back. Exit code 1 where a step fails.
What came of the full one goes into docs/reference/loop.md.`,
  )
  .option('--short', 'with a small school; writes no page')
  .option('--folder <dir>', 'work in this folder, and keep what was made')
  .option('--json', 'print the result for programs')
  .parse()
  .opts<{ readonly short?: true; readonly folder?: string; readonly json?: true }>();
const size = values.short ? SIZES.short : SIZES.full;
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'skillforge-loop-'));
const tell = (line: string): void => void process.stderr.write(`${line}\n`);
const observer: LoopObserver = {
  onStep: (name) => tell(`… ${name}`),
  onDone: ({ name, seconds, found }) => tell(`✓ ${name} (${seconds.toFixed(1)} s): ${found}`),
};

try {
  const result = await Loop.run(size, folder, observer);
  if (values.json) console.log(JSON.stringify(result));
  if (size.name === 'full') writeFileSync(join(packageRoot(), 'docs', 'reference', 'loop.md'), loopPage(result, size));
} catch (error) {
  tell(`error: ${errorMessageOf(error)}`);
  process.exitCode = 1;
} finally {
  if (values.folder === undefined) rmSync(folder, { recursive: true, force: true });
}
