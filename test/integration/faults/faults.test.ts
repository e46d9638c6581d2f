/**
 * Faults on real servers, in a short form; `npm run chaos` is the long one. Control runs show that the checker finds what the guards prevent:
 * `SKILLFORGE_FAULTS=long npx vitest run test/integration/faults`, some minutes.
 */
import { expect, it, type TestContext } from 'vitest';
import { errorCodeOf, errorMessageOf } from '../../../schemas/index.js';
import { skipPastHalfTime } from '../../fixtures/halfTime.js';
import { isLong, skipUnlessLong } from '../../fixtures/longForms.js';
import { needDriver, SERVER_START_MS } from '../servers.js';
import { Campaign, type CampaignOptions, type Fault, type Result } from './campaign.js';
import { killAt, killWorker, poison, rescale, slowPartition, stopAt, stopWorker } from './faults.js';
import { STALL_MS } from './progress.js';
import { cutOffRedis, failOverRedis, freezeRedis, killLeader, killRedis, restartBrokers, shutRegistry, silenceRegistry } from './serverFaults.js';

const LONG = isLong('FAULTS');
const TEST_MS = SERVER_START_MS + 600_000;
/** Of one worker. */
const MOST_MEMORY_MIB = 800;

async function resultOf(context: TestContext, faults: readonly Fault[], options: Partial<CampaignOptions> = {}): Promise<Result> {
  await needDriver('confluent', context);
  const onFault = (entry: unknown): void => console.log(JSON.stringify(entry));
  const campaign = await Campaign.open({ seed: 11, keys: 200, perSecond: 150, brokers: 1, workers: 2, onFault, ...options }).catch(
    (error: unknown) => {
      context.skip(errorCodeOf(error) === 'SFS_SERVICE_MISSING', errorMessageOf(error));
      throw error;
    },
  );
  try {
    for (const fault of faults) await campaign.run(fault);
    return await campaign.finish();
  } finally {
    await campaign.close();
  }
}

function expectExact({ wrong, missing, workerFailures, failures, longestStallMs, mostMemoryMiB, outputs, hotShare }: Result): void {
  expect({ wrong, missing, workerFailures, failures }).toEqual({ wrong: [], missing: [], workerFailures: [], failures: [] });
  expect(outputs).toBeGreaterThan(1_000);
  // One key has a fifth of the traffic: somewhat less for the record that each key has first, and while one partition is slow.
  expect(hotShare).toBeGreaterThan(0.1);
  expect(longestStallMs).toBeLessThan(STALL_MS);
  expect(mostMemoryMiB).toBeLessThan(MOST_MEMORY_MIB);
}

it('leaves in topics and state what a recomputation does, through faults of all kinds', { timeout: TEST_MS }, async (context) => {
  skipPastHalfTime(context);
  const steps = [killAt('claim', 'after', 1), killAt('apply', 'before'), stopWorker];
  const faults = [
    poison,
    killRedis,
    killAt('stage', 'after'),
    killAt('transact', 'during'),
    ...(LONG ? steps : []),
    stopAt('stage', 'after'),
    rescale,
  ];
  const result = await resultOf(context, [...faults, failOverRedis]);
  expectExact(result);
  expect(result.rollbacks).toBe(1);
});

it('does so where brokers, Redis and the schema registry are away', { timeout: 2 * TEST_MS }, async (context) => {
  skipUnlessLong(context, 'FAULTS');
  const servers = [killLeader, restartBrokers, shutRegistry, silenceRegistry, freezeRedis, cutOffRedis];
  expectExact(await resultOf(context, [...servers, slowPartition, killWorker], { brokers: 3, hasRegistry: true }));
});

/** With a guard taken out, the fault that it is for must be found. */
it.for([
  // Not at the first commits of a worker, which may hold no outputs.
  ['the fence', 'unfenced', stopAt('stage', 'after', 40), /came twice|came again/],
  ['the check of what is applied, under a failover that loses writes', 'unchecked', failOverRedis, /instead of|came again|after number/],
  ['the staging', 'unstaged', killAt('transact', 'before', 40), /instead of|after number|values of/],
] as const)('finds differences without %s', { timeout: TEST_MS }, async ([, control, fault, differences], context) => {
  skipUnlessLong(context, 'FAULTS');
  const { wrong, missing } = await resultOf(context, [fault], { control });
  const found = [...wrong, ...missing];
  console.log(`${control}: ${found.length} differences, such as ${found.slice(0, 3).join('; ')}`);
  expect(found.filter((text) => differences.test(text))).not.toEqual([]);
});
