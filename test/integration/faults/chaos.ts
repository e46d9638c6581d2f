/** `npm run chaos -- --seed 1 --faults 200 --keys 20000 [--brokers 3] [--json]`: the fault suite in its long form. Exit code 1 on differences. */
import { parseArgs } from 'node:util';
import { Campaign, STALL_MS, type FaultEntry, type Result } from './campaign.js';
import { plan } from './faults.js';
import { SeededRandom } from '../../../scripts/synthetic/index.js';

/** Of one worker: its caches are bounded, and the rest is Node and what is in flight. */
const MOST_MEMORY_MIB = 800;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    faults: { type: 'string', default: '200' },
    keys: { type: 'string', default: '20000' },
    brokers: { type: 'string', default: '3' },
    'per-second': { type: 'string', default: '200' },
    json: { type: 'boolean', default: false },
  },
});
const [seed, faults, keys] = [Number(values.seed), Number(values.faults), Number(values.keys)];
const brokers = values.brokers === '1' ? 1 : 3;

/** What is not as it should be. */
function troublesOf({ wrong, missing, workerFailures, longestStallMs, mostMemoryMiB }: Result): string[] {
  return [
    ...wrong,
    ...missing,
    ...workerFailures,
    ...(longestStallMs > STALL_MS ? [`no output for ${longestStallMs} ms after a fault`] : []),
    ...(mostMemoryMiB > MOST_MEMORY_MIB ? [`a worker had ${mostMemoryMiB} MiB`] : []),
  ];
}

let done = 0;
const onFault = (entry: FaultEntry): void => {
  done++;
  if (values.json) console.log(JSON.stringify(entry));
  else console.log(`${done}/${faults} ${entry.fault}: ${entry.evidence}; outputs after ${entry.resumedMs} ms`);
};
const startMs = performance.now();
const campaign = await Campaign.open({ seed, keys, perSecond: Number(values['per-second']), brokers, workers: 2, onFault });
try {
  for (const fault of plan(faults, new SeededRandom(seed), brokers === 3)) await campaign.run(fault);
  const result = await campaign.finish();
  const troubles = troublesOf(result);
  const { records, outputs, repeats, rollbacks, longestStallMs, mostMemoryMiB } = result;
  const seconds = Math.round((performance.now() - startMs) / 1000);
  const summary = { seed, faults: done, keys, brokers, records, outputs, repeats, rollbacks, longestStallMs, mostMemoryMiB, seconds };
  console.log(JSON.stringify({ summary, differences: troubles.length, first: troubles.slice(0, 20) }));
  if (troubles.length > 0) process.exitCode = 1;
} finally {
  await campaign.close();
}
process.exit();
