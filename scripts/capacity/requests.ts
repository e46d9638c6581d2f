/** What each container of a region asks of its node, what that rests on, and how much more it is. `deploy/kubernetes` has the same numbers; a test compares. */
import { COSTS, type CostName } from './costs.js';
import { planCapacity, type Load } from './plan.js';

/** What a container was seen, or is reckoned, to use. */
export type Use =
  /** `value` stands in the quoted words of the page, which a test looks up. */
  | { readonly kind: 'measured'; readonly value: number; readonly page: string; readonly quote: string; readonly note: string }
  /** By costs, for {@link DEPLOYED_LOAD}. */
  | { readonly kind: 'reckoned'; readonly value: number; readonly formula: string }
  /** Nobody has measured it: the request is a choice. */
  | { readonly kind: 'unmeasured'; readonly note: string };

/** What one container asks for. */
export interface ContainerRequest {
  readonly milliCores: number;
  /** Use of a process, thousandths of a core. */
  readonly cpu: Use;
  readonly memoryMiB: number;
  /** Most memory of a process, MiB. */
  readonly memory: Use;
}

/** The load that the manifests are for, with as many processes as they begin with, or may have. */
export const DEPLOYED_LOAD: Load = { eventsPerDay: 50e6, learners: 10e6 };

const PERFORMANCE = 'docs/explanation/performance.md';
const BENCHMARKS = 'docs/reference/benchmarks.md';
const MEGABYTE_MIB = 1e6 / 2 ** 20;
const LEAST_EVENT_WORKERS = 2;
const MOST_DECIDING_WORKERS = 12;
const LEAST_READERS = 3;

const plan = planCapacity(DEPLOYED_LOAD);
const cost = (name: CostName): number => COSTS[name].value;
const reckoned = (cores: number, formula: string): Use => ({ kind: 'reckoned', value: 1_000 * cores, formula });
const requestsPerSecond = (DEPLOYED_LOAD.learners * cost('requestsPerLearnerDay') * cost('peakFactor')) / 86_400;

/** All nine topologies in one process, on a folder. */
const wholeJob = (note: string): Use => ({
  kind: 'measured',
  value: 455 * MEGABYTE_MIB,
  page: BENCHMARKS,
  quote: '455 MB of anonymous memory at most',
  note,
});

/** By the name of the workload; each has one container. */
export const REQUESTS = {
  'worker-events': {
    milliCores: 500,
    cpu: reckoned(
      (plan.peakEvents.value * cost('recordsPerEvent') * cost('recordCpuUs')) / 1e6 / LEAST_EVENT_WORKERS,
      'peakEvents * recordsPerEvent * recordCpuUs / 2 processes; records of all topologies',
    ),
    memoryMiB: 1_024,
    memory: {
      kind: 'measured',
      value: 517,
      page: PERFORMANCE,
      quote: 'most memory 897 to 517 MiB',
      note: 'one topology on Kafka and Redis; five in a process were not measured there',
    },
  },
  'worker-courses': {
    milliCores: 250,
    cpu: { kind: 'unmeasured', note: 'its records are among those of worker-events; nobody has reckoned them apart' },
    memoryMiB: 768,
    memory: wholeJob('all nine topologies on a folder, three of which are these; not measured on Kafka and Redis'),
  },
  'worker-recommendations': {
    milliCores: 1_000,
    cpu: reckoned(plan.closingCores.value / MOST_DECIDING_WORKERS, 'closingCores / 12 processes'),
    memoryMiB: 1_536,
    memory: wholeJob('all nine topologies on a folder, which decide by the formula; what the thread of a model takes was not measured'),
  },
  reader: {
    milliCores: 500,
    cpu: reckoned(
      requestsPerSecond / cost('readerRequestsPerSecond') / LEAST_READERS,
      'learners * requestsPerLearnerDay / 86,400 s * peakFactor / readerRequestsPerSecond / 3 readers',
    ),
    memoryMiB: 1_024,
    memory: {
      kind: 'measured',
      value: 137 * MEGABYTE_MIB,
      page: BENCHMARKS,
      quote: '| anonymous memory of the reader that serves it | 137 MB |',
      note: 'with ten million learners; the rest is for pages of the view',
    },
  },
  gateway: {
    milliCores: 1_000,
    cpu: reckoned((plan.peakEvents.value * cost('gatewayEventCpuUs')) / 1e6, 'peakEvents * gatewayEventCpuUs'),
    memoryMiB: 1_024,
    memory: { kind: 'unmeasured', note: 'nobody has measured the memory of a gateway' },
  },
} as const satisfies Readonly<Record<string, ContainerRequest>>;

/** How many times its use a request is; `null` where the use is not known. */
export const headroom = (asked: number, use: Use): number | null => (use.kind === 'unmeasured' ? null : asked / use.value);

/** The rows of a table: what, request, use, headroom, and where the use is from. @param pageLink - a link to a page */
export function requestRows(pageLink: (page: string) => string): string[][] {
  return Object.entries<ContainerRequest>(REQUESTS).flatMap(([name, { milliCores, cpu, memoryMiB, memory }]) => [
    row(`\`${name}\`, processor`, 'm', milliCores, cpu, pageLink),
    row(`\`${name}\`, memory`, ' MiB', memoryMiB, memory, pageLink),
  ]);
}

function row(what: string, unit: string, asked: number, use: Use, pageLink: (page: string) => string): string[] {
  const known = use.kind === 'unmeasured' ? '' : `${use.value.toFixed(0)}${unit}`;
  const more = headroom(asked, use);
  return [what, `${asked}${unit}`, known, more === null ? '' : more.toFixed(1), originText(use, pageLink)];
}

function originText(use: Use, pageLink: (page: string) => string): string {
  if (use.kind === 'unmeasured') return `not measured: ${use.note}`;
  if (use.kind === 'reckoned') return `reckoned: \`${use.formula}\``;
  return `measured: ${pageLink(use.page)}, "${use.quote.replace(/^\| | \|$/g, '')}": ${use.note}`;
}
