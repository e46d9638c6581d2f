/**
 * `npm run chaos -- --seed 1 --faults 200 --keys 20000 [--brokers 3] [--minutes 60] [--json]`: the fault suite in its long form. With `--minutes`
 * no fault begins later than that. Exit code 1 on differences.
 */
import { parseArgs } from 'node:util';
import { SeededRandom } from '../../../scripts/synthetic/index.js';
import { errorMessageOf } from '../../../schemas/index.js';
import { Campaign, type FaultEntry, type Result } from './campaign.js';
import { plan } from './plan.js';
import { STALL_MS } from './progress.js';

/** Of one worker: its caches are bounded, and the rest is Node and what is in flight. */
const MOST_MEMORY_MIB = 800;
const MINUTE_MS = 60_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    faults: { type: 'string', default: '200' },
    keys: { type: 'string', default: '20000' },
    brokers: { type: 'string', default: '3' },
    minutes: { type: 'string', default: 'Infinity' },
    'per-second': { type: 'string', default: '200' },
    json: { type: 'boolean', default: false },
  },
});
const [seed, faults, keys] = [Number(values.seed), Number(values.faults), Number(values.keys)];
const brokers = values.brokers === '1' ? 1 : 3;

/** What is not as it should be. */
function troublesOf({ wrong, missing, workerFailures, failures, longestStallMs, stalledLongest, mostMemoryMiB }: Result): string[] {
  return [
    ...wrong,
    ...missing,
    ...workerFailures,
    ...failures,
    ...(longestStallMs > STALL_MS ? [`${stalledLongest} stood still for ${longestStallMs} ms after a fault`] : []),
    ...(mostMemoryMiB > MOST_MEMORY_MIB ? [`a worker had ${mostMemoryMiB} MiB`] : []),
  ];
}

/** How often each kind of fault was made: those at steps of the commit under one name. */
function countsOf(entries: readonly FaultEntry[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { fault } of entries) {
    const kind = fault.replace(/ (before|during|after) (claim|recover|stage|transact|apply)/, ' at a step of the commit');
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

let done = 0;
let told = 0;
const onFault = (entry: FaultEntry): void => {
  done++;
  const { failures } = campaign.scene.fleet;
  for (; told < failures.length; told++) console.error(failures[told]);
  if (values.json) console.log(JSON.stringify(entry));
  else console.log(`${done}/${faults} ${entry.at} ${entry.fault}: ${entry.evidence}; all on after ${entry.resumedMs} ms, ${entry.last} last`);
};

/** What stands still ends the faults; what is there is looked at all the same. */
async function makeFaults(campaign: Campaign): Promise<string[]> {
  const untilMs = performance.now() + Number(values.minutes) * MINUTE_MS;
  try {
    for (const fault of plan(faults, new SeededRandom(seed), brokers)) if (performance.now() < untilMs) await campaign.run(fault);
    return [];
  } catch (error) {
    return [errorMessageOf(error)];
  }
}

const startMs = performance.now();
const campaign = await Campaign.open({ seed, keys, perSecond: Number(values['per-second']), brokers, workers: 2, hasRegistry: true, onFault });
try {
  const stops = await makeFaults(campaign);
  const result = await campaign.finish();
  const troubles = [...stops, ...troublesOf(result)];
  const { records, outputs, repeats, rollbacks, longestStallMs, stalledLongest, mostMemoryMiB } = result;
  const seconds = Math.round((performance.now() - startMs) / 1000);
  const hotShare = Number(result.hotShare.toFixed(3));
  const sizes = { seed, faults: done, keys, brokers, records, hotShare, outputs, repeats, rollbacks };
  console.log(JSON.stringify({ counts: countsOf(result.faults) }));
  console.log(
    JSON.stringify({
      summary: { ...sizes, longestStallMs, stalledLongest, mostMemoryMiB, seconds },
      differences: troubles.length,
      first: troubles.slice(0, 20),
    }),
  );
  if (troubles.length > 0) process.exitCode = 1;
} finally {
  await campaign.close();
}
process.exit();
