/**
 * All benchmarks that take minutes, one process each: `node --import tsx bench/run.ts [--json]`. The reader of ten million learners and the comparison with
 * Kafka Streams have commands of their own.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

for (const benchmark of ['storage', 'operators', 'engine', 'recommender', 'traces', 'sealing', 'sealedView', 'gateway', 'reader']) {
  const file = join(import.meta.dirname, `${benchmark}.ts`);
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', file, ...process.argv.slice(2)], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
