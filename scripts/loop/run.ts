/**
 * `npm run loop`: the daily loop on real servers, from events to a served model and back. Writes what came of the full one to docs/reference/loop.md.
 * `--short` takes a small school and writes nothing, `--folder DIR` keeps what it made, `--json` prints the result for programs.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { errorMessageOf, packageRoot } from '../../schemas/index.js';
import { Loop, SIZES, type LoopObserver } from './loop.js';
import { loopPage } from './page.js';

const { values } = parseArgs({ options: { short: { type: 'boolean' }, folder: { type: 'string' }, json: { type: 'boolean' } } });
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
