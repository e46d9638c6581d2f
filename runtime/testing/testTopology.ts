import type { Topology } from '../../operators/topology.js';
import { SkillForgeError, errorMessageOf } from '../../schemas/index.js';
import { inOneBatch, oneByOne } from './batching.js';
import { differenceOf } from './difference.js';
import type { DriverOptions } from './driverOptions.js';
import { openDriver, type TopologyTestDriver } from './topologyTestDriver.js';

/** The steps and expectations of a test; run once for each batching, so it must do the same each time. */
export type TestBody = (driver: TopologyTestDriver) => Promise<void>;

/**
 * Tests a topology: runs `body` twice, once with everything in one batch, once record by record with a process that keeps dying, and
 * compares outputs, state, timers, late records and dead letters. So an operator that keeps state in a variable, looks at a clock or
 * depends on batch borders fails its test.
 *
 * @example
 * await testTopology(engagement, async (driver) => {
 *   driver.input(topics.clicks).send(click);
 *   await driver.endInput();
 *   expect(driver.output(topics.learnerFeatures).latest().get(learner)).toMatchObject({ region: 'test' });
 * });
 * @throws SFS_NOT_DETERMINISTIC with the first difference: operator or topic, and key
 */
export async function testTopology(topology: Topology | readonly Topology[], body: TestBody): Promise<void>;
export async function testTopology(topology: Topology | readonly Topology[], options: Omit<DriverOptions, 'batching'>, body: TestBody): Promise<void>;
export async function testTopology(topology: Topology | readonly Topology[], ...rest: [TestBody] | [DriverOptions, TestBody]): Promise<void> {
  const body = rest.at(-1) as TestBody;
  const options = rest.length === 2 ? rest[0] : {};
  const first = await openDriver(topology, { ...options, batching: inOneBatch, keepSteps: true });
  await body(first);
  const second = await openDriver(topology, { ...options, batching: oneByOne, keepSteps: true });
  await bodyAgain(body, first, second);
  compare(first, second, undefined);
}

/** What holds in one batch must hold in the other: an expectation that fails now is a difference. */
async function bodyAgain(body: TestBody, first: TopologyTestDriver, second: TopologyTestDriver): Promise<void> {
  try {
    await body(second);
  } catch (cause) {
    compare(first, second, cause);
  }
}

/** Compares what both left after the last step that both came to. */
function compare(first: TopologyTestDriver, second: TopologyTestDriver, cause: unknown): void {
  const step = second.steps.length - 1;
  const [before, after] = [first.steps[step], second.steps[step]];
  const difference = before && after ? differenceOf(before, after, [first.batching, second.batching]) : null;
  if (difference === null && cause === undefined) return;
  const found = difference ?? `what the test expects holds only ${first.batching}: ${errorMessageOf(cause)}`;
  throw new SkillForgeError(
    'SFS_NOT_DETERMINISTIC',
    `the results depend on how the input was cut into batches: ${found}\nSomething is kept outside of a store: look for variables, caches, clocks and randomness in the functions of the topology.`,
    { cause },
  );
}
