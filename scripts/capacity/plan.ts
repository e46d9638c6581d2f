/** What a load needs: brokers, partitions, workers, Redis, readers and disks, by the costs of `costs.ts`. */
import { topics } from '../../schemas/index.js';
import { COSTS, type CostName } from './costs.js';

/** The load of a region. */
export interface Load {
  /** Clicks and other events of learners, on the mean of a day. */
  readonly eventsPerDay: number;
  /** Learners of running courses. */
  readonly learners: number;
}

/** One number of a plan. */
export interface Figure {
  readonly value: number;
  readonly unit:
    'events/s' | 'decisions/s' | 'cores' | 'processes' | 'partitions' | 'brokers' | 'bytes' | 'bytes/s' | 'nodes' | 'readers' | 'seconds';
  /** How it was reckoned, over names of costs, of the load and of other figures. */
  readonly formula: string;
}

/** Every figure of a plan, by name and in the order in which they follow from each other. */
export type Plan = ReturnType<typeof planCapacity>;

const DAY_SECONDS = 86_400;
/** One may be lost while another is replaced. */
const LEAST_BROKERS = 3;
const LEAST_READERS = 3;
const LEAST_WORKERS = 2;
/** Brokers and tasks spread evenly over a number with many divisors. */
const PARTITION_STEP = 12;

const cost = (name: CostName): number => COSTS[name].value;
const perSecond = (ofADay: number): number => ofADay / DAY_SECONDS;
const figure = (value: number, unit: Figure['unit'], formula: string): Figure => ({ value, unit, formula });
const atLeast = (least: number, value: number): number => Math.max(least, Math.ceil(value));

/** Reckons what a load needs. @throws RangeError unless both numbers are above 0 */
export function planCapacity(load: Load) {
  for (const [name, value] of Object.entries(load)) if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`${name} must be above 0`);
  const work = workOf(load);
  const workers = workersOf(work);
  return {
    ...work,
    ...workers,
    ...logOf(load, work.peakEvents.value),
    ...redisOf(load, work.peakEvents.value, workers.partitions.value),
    ...gatewaysOf(work.peakEvents.value),
    ...readersOf(load),
  };
}

/** One process has one identity map: more of them share out the learners. */
function gatewaysOf(peakEvents: number) {
  const gateways = atLeast(1, (peakEvents * cost('gatewayEventCpuUs')) / 1e6 / cost('busyShare'));
  return { gateways: figure(gateways, 'processes', 'peakEvents * gatewayEventCpuUs / busyShare, rounded up') };
}

function workOf({ eventsPerDay, learners }: Load) {
  const peakEvents = (eventsPerDay * cost('peakFactor')) / DAY_SECONDS;
  const peakDecisions = perSecond(learners * (cost('decisionsPerLearnerDay') - cost('closingDecisionsPerLearner'))) * cost('peakFactor');
  const closingDecisions = (learners * cost('closingDecisionsPerLearner')) / cost('closingSeconds');
  const peakCores = (peakEvents * cost('recordsPerEvent') * cost('recordCpuUs') + peakDecisions * cost('decisionCpuUs')) / 1e6;
  const closingCores = (closingDecisions * cost('decisionCpuUs')) / 1e6;
  return {
    peakEvents: figure(peakEvents, 'events/s', 'eventsPerDay / 86,400 s * peakFactor'),
    peakDecisions: figure(peakDecisions, 'decisions/s', 'learners * (decisionsPerLearnerDay - closingDecisionsPerLearner) / 86,400 s * peakFactor'),
    closingDecisions: figure(closingDecisions, 'decisions/s', 'learners * closingDecisionsPerLearner / closingSeconds'),
    peakCores: figure(peakCores, 'cores', 'peakEvents * recordsPerEvent * recordCpuUs + peakDecisions * decisionCpuUs'),
    closingCores: figure(closingCores, 'cores', 'closingDecisions * decisionCpuUs'),
  };
}

function workersOf({ peakCores, closingCores }: ReturnType<typeof workOf>) {
  const workers = atLeast(LEAST_WORKERS, Math.max(peakCores.value, closingCores.value) / cost('busyShare'));
  const partitions = Math.ceil(Math.max(workers, topics.clicks.partitions) / PARTITION_STEP) * PARTITION_STEP;
  return {
    workers: figure(workers, 'processes', `max(${LEAST_WORKERS}, peakCores / busyShare, closingCores / busyShare), rounded up; one core each`),
    partitions: figure(
      partitions,
      'partitions',
      `workers, and at least the ${topics.clicks.partitions} of the catalogue, rounded up to a multiple of ${PARTITION_STEP}`,
    ),
  };
}

function logOf({ eventsPerDay, learners }: Load, peakEvents: number) {
  const perEvent = cost('eventBytes') + cost('derivedBytes') + cost('internalBytes');
  const logged = learners * cost('decisionsPerLearnerDay') * cost('featureLogBytes');
  const perDay = eventsPerDay * perEvent + logged;
  const latest = learners * cost('recommendationBytes');
  const written =
    peakEvents * perEvent + (logged + learners * cost('decisionsPerLearnerDay') * cost('recommendationBytes')) * (cost('peakFactor') / DAY_SECONDS);
  // Compaction keeps the latest records, and as much again until it has run.
  const disk = (perDay * cost('keptDays') + 2 * latest) * cost('replicas');
  const byDisk = disk / (cost('brokerDiskBytes') * cost('diskShare'));
  const byRate = (written * cost('replicas')) / (cost('brokerBytesPerSecond') * cost('busyShare'));
  return {
    logBytesPerDay: figure(
      perDay,
      'bytes',
      'eventsPerDay * (eventBytes + derivedBytes + internalBytes) + learners * decisionsPerLearnerDay * featureLogBytes',
    ),
    peakWritten: figure(
      written,
      'bytes/s',
      'peakEvents * (eventBytes + derivedBytes + internalBytes) + learners * decisionsPerLearnerDay * (featureLogBytes + recommendationBytes) / 86,400 s * peakFactor',
    ),
    brokerDisk: figure(disk, 'bytes', '(logBytesPerDay * keptDays + 2 * learners * recommendationBytes) * replicas; not compressed'),
    brokers: figure(
      atLeast(LEAST_BROKERS, Math.max(byDisk, byRate)),
      'brokers',
      `max(${LEAST_BROKERS}, brokerDisk / (brokerDiskBytes * diskShare), peakWritten * replicas / (brokerBytesPerSecond * busyShare)), rounded up`,
    ),
  };
}

function redisOf({ learners }: Load, peakEvents: number, partitions: number) {
  const perLearner =
    cost('rowBytesPerLearner') +
    cost('itemsPerLearner') * cost('stateBytesPerItem') +
    cost('rowsPerLearner') * cost('redisRowBytes') +
    cost('timersPerLearner') * cost('redisTimerBytes');
  const global = (learners / cost('learnersPerCourse')) * cost('globalBytesPerCourse') * partitions;
  const bytes = learners * perLearner + global;
  const cores = (peakEvents * cost('recordsPerEvent') * cost('redisRowCpuUs')) / 1e6;
  const shards = atLeast(1, Math.max(bytes / (cost('redisNodeBytes') * cost('redisShare')), cores / cost('busyShare')));
  return {
    redisPerLearner: figure(
      perLearner,
      'bytes',
      'rowBytesPerLearner + itemsPerLearner * stateBytesPerItem + rowsPerLearner * redisRowBytes + timersPerLearner * redisTimerBytes',
    ),
    redisBytes: figure(bytes, 'bytes', 'learners * redisPerLearner + learners / learnersPerCourse * globalBytesPerCourse * partitions'),
    redisCores: figure(cores, 'cores', 'peakEvents * recordsPerEvent * redisRowCpuUs: a row a record'),
    redisNodes: figure(
      2 * shards,
      'nodes',
      'max(redisBytes / (redisNodeBytes * redisShare), redisCores / busyShare), rounded up, and a replica of each',
    ),
  };
}

function readersOf({ learners }: Load) {
  const requests = perSecond(learners * cost('requestsPerLearnerDay')) * cost('peakFactor');
  return {
    readers: figure(
      atLeast(LEAST_READERS, requests / (cost('readerRequestsPerSecond') * cost('busyShare'))),
      'readers',
      `max(${LEAST_READERS}, learners * requestsPerLearnerDay / 86,400 s * peakFactor / (readerRequestsPerSecond * busyShare)), rounded up`,
    ),
    viewDisk: figure(learners * cost('viewBytesPerLearner'), 'bytes', 'learners * viewBytesPerLearner, on the disk of each reader'),
    viewRebuild: figure(learners / cost('viewRecordsPerSecond'), 'seconds', 'learners / viewRecordsPerSecond'),
  };
}
