/** Workers of the simulation's topologies, each a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect, type TestContext } from 'vitest';
import type { Guarantee } from '../../../runtime/cluster/index.js';
import { compiledProgram } from '../../fixtures/compiledTree.js';
import type { Servers } from './replica.js';

/** Starts a worker at each call, and waits until it has joined; those that are left when the test ends are killed. */
export function starter(context: TestContext, { kafka, redis }: Servers, region: string, guarantee?: Guarantee): () => Promise<ChildProcess> {
  const workers = new Set<ChildProcess>();
  context.onTestFinished(() => workers.forEach((worker) => worker.kill('SIGKILL')));
  const compiled = compiledProgram('test/integration/cluster/workerProcess.ts');
  const args = [kafka, redis, region, ...(guarantee === undefined ? [] : [guarantee])];
  return async () => {
    const worker = spawn(process.execPath, [await compiled, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    workers.add(worker);
    await Promise.race([once(worker.stdout, 'data'), once(worker, 'exit')]);
    expect(worker.exitCode).toBeNull();
    return worker;
  };
}

/** Ends a worker, if it has not ended. */
export async function end(worker: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  worker.kill(signal);
  await once(worker, 'exit');
}
