/**
 * A worker of the fault suite as a process of its own: `workerProcess.ts {kafka, redis, region, replication}`, as JSON, and `registry` where there is one. It says `ready` when it
 * has joined, ends at SIGTERM, and at SIGUSR2 writes what its tasks are at into a file of the system's temporary folder. What it does wrong on purpose is in the environment, which nothing but this file reads:
 *
 * - `SFS_TEST_FAULT`: `kill` or `stop`, the step of the commit, `before`, `during` or `after` it, which call of it: `kill:stage:after:3`
 * - `SFS_TEST_CONTROL`: takes a guard of the protocol out: see `controls.ts`
 */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Worker } from '../../../runtime/engine/worker.js';
import type { Broker } from '../../../runtime/kafka/broker.js';
import type { RedisState } from '../../../runtime/redis/index.js';
import { openParts, type Address } from './arena.js';
import { withControl, type Control } from './controls.js';
import { TOPOLOGIES } from './topologies.js';

type Step = 'claim' | 'recover' | 'stage' | 'transact' | 'apply';

/** Small batches and few rows in memory, so that rows are read from Redis again and again; markers often, so that nobody waits for them. */
const LIMITS = { maxRecords: 200, mostCachedRows: 50, markerMs: 100 };

/** Ends or stops this process at a step of the commit. */
class Trap {
  private readonly kind: 'kill' | 'stop';
  private readonly step: Step;
  private readonly when: string;
  private left: number;

  constructor(text: string) {
    const [kind, step, when, nth] = text.split(':') as ['kill' | 'stop', Step, string, string];
    [this.kind, this.step, this.when, this.left] = [kind, step, when, Number(nth)];
  }

  /** Wraps a call of a step. */
  around<A extends unknown[], R>(step: Step, call: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
    if (step !== this.step) return call;
    return async (...args) => {
      this.left--;
      if (this.left !== 0) return call(...args);
      if (this.when === 'before') this.spring();
      const sent = call(...args);
      if (this.when === 'during') setImmediate(() => this.spring());
      const result = await sent;
      if (this.when === 'after') this.spring();
      return result;
    };
  }

  private spring(): void {
    // What is written to a pipe is there before the signal.
    process.stdout.write(`trap ${this.kind} ${this.step} ${this.when}\n`);
    process.kill(process.pid, this.kind === 'kill' ? 'SIGKILL' : 'SIGSTOP');
  }
}

function trapped(trap: Trap, broker: Broker, state: RedisState): void {
  const claim = state.claim.bind(state);
  const producer = broker.producer.bind(broker);
  state.claim = trap.around('claim', async (task) => {
    const claimed = await claim(task);
    claimed.recover = trap.around('recover', claimed.recover.bind(claimed));
    claimed.stage = trap.around('stage', claimed.stage.bind(claimed));
    claimed.apply = trap.around('apply', claimed.apply.bind(claimed));
    return claimed;
  });
  broker.producer = async (options) => {
    const opened = await producer(options);
    opened.transact = trap.around('transact', opened.transact.bind(opened));
    return opened;
  };
}

const address = JSON.parse(process.argv[2]!) as Address;
const { SFS_TEST_FAULT: fault, SFS_TEST_CONTROL: control } = process.env;
const warn = (warning: string): void => console.log(`warning: ${warning}`);
const parts = await openParts(address, warn, (broker, state) => {
  if (control) withControl(control as Control, broker, state);
  if (fault) trapped(new Trap(fault), broker, state);
});
const worker = new Worker(TOPOLOGIES, parts.cluster, { region: address.region, mode: 'follow', limits: LIMITS });
process.on('SIGUSR2', () => {
  const state = inspect(worker, { depth: 9, maxArrayLength: 6, maxStringLength: 80 });
  writeFileSync(join(tmpdir(), `skillforge-worker-${process.pid}-${Date.now()}.txt`), state);
});
process.once('SIGTERM', () => worker.stop());
// An exit would wait for brokers that end at the same time.
process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL')).resume();
process.stdin.unref();
await worker.start();
console.log('ready');
await worker.run();
await parts.close();
