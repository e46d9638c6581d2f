/** All benchmarks, one process each: `node --import tsx bench/run.ts [--json]`. Takes some minutes. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

for (const benchmark of ['storage', 'operators', 'engine', 'recommender', 'traces']) {
  const file = join(import.meta.dirname, `${benchmark}.ts`);
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', file, ...process.argv.slice(2)], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
