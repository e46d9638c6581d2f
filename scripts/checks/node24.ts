/**
 * Runs vitest under Node 24: `tsx scripts/checks/node24.ts [vitest filters]`. The first run fetches Node 24 through npm
 * into node_modules/.cache.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './sourceFiles.js';

const FOLDER = join(projectRoot, 'node_modules', '.cache', 'node24');
const NODE = join(FOLDER, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

function install(): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, 'package.json'), '{ "private": true }\n');
  const { status } = spawnSync('npm install --no-save --no-audit --no-fund --prefer-offline node@24', { cwd: FOLDER, shell: true, stdio: 'inherit' });
  if (status !== 0 || !existsSync(NODE)) throw new Error('cannot install node@24 from the npm registry');
}

/** Version of the fetched Node, such as `v24.9.0`. */
function version(): string {
  return spawnSync(NODE, ['--version'], { encoding: 'utf8' }).stdout.trim();
}

if (!existsSync(NODE)) install();
if (!version().startsWith('v24.')) throw new Error(`expected Node 24 in ${FOLDER}, found ${version()}`);
console.log(`Node ${version()}`);
const vitest = join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(NODE, [vitest, 'run', ...process.argv.slice(2)], { cwd: projectRoot, stdio: 'inherit' });
process.exitCode = status ?? 1;
