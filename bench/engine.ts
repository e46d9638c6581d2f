/**
 * Rates of whole topologies on the embedded storage, and how cost grows: `node --import tsx bench/engine.ts [--json]`.
 */
import { aggregate, count, days, hopping, onUpdate, topology, tumbling, type Emission, type Topology } from '../operators/index.js';
import type { StepLimits } from '../runtime/engine/taskParts.js';
import { topics, type Topic } from '../schemas/index.js';
import { syntheticClicks } from '../scripts/synthetic/index.js';
import trends from '../topologies/item-trends.js';
import engagement from '../topologies/learner-engagement.js';
import { REGION, onFolder, type Input } from './engineRun.js';
import { eventsIn, eventsOf, type Event, type EventOptions } from './events.js';
import { costOf, perSecond, type Cost } from './measure.js';
import { progress, report, type Cell, type Table } from './report.js';
import { rxjsHopping } from './rxjsPeer.js';

const COST = ['ns CPU', 'events/s of a CPU', 'ns wall', 'events/s'] as const;
const costCells = ({ cpuNs, wallNs }: Cost): Cell[] => [cpuNs, perSecond(cpuNs), wallNs, perSecond(wallNs)];

const EVENTS: EventOptions = { count: 100_000, keys: 1_000, days: 28 };
const ONE = eventsIn(1);
const timed = { eventTimeMs: (value: Event) => value.atMs, maxAheadMs: Number.MAX_SAFE_INTEGER };

const inputOf = (topic: Topic<string, Event>, options: EventOptions): Input<never> =>
  ({ topic, values: () => eventsOf(options) }) as unknown as Input<never>;

function measured(topologyOf: Topology, topic: Topic<string, Event>, options: EventOptions, limits: Partial<StepLimits> = {}): Promise<Cost> {
  return costOf(options.count, () => onFolder([topologyOf], [inputOf(topic, options)], limits));
}

async function topologies(): Promise<Table> {
  const clicks = { learners: 2_000, days: 28, clicksPerDay: 5_000 };
  const list = [...syntheticClicks({ ...clicks, region: REGION })].flat();
  const input = { topic: topics.clicks, values: () => list } as unknown as Input<never>;
  const rows: Cell[][] = [];
  for (const [name, chosen] of [
    ['learner-engagement', [engagement]],
    ['item-trends', [trends]],
    ['both', [engagement, trends]],
  ] as const) {
    progress(`topologies: ${name}`);
    rows.push([name, ...costCells(await costOf(list.length, () => onFolder(chosen, [input])))]);
  }
  return {
    title: `Topologies on embedded storage: ${list.length.toLocaleString('en')} clicks of 2,000 learners over 28 days, 12 partitions, closings included`,
    columns: ['topology', ...COST],
    rows,
  };
}

const overlapping = (windows: number, emit: Emission | undefined): Topology =>
  topology('overlapping', { version: 1 }, ({ source }) => {
    const options = { sizeMs: days(windows), advanceMs: days(1), late: 'dead-letter', ...(emit ? { emit } : {}) } as const;
    source(ONE, timed).pipe(hopping('window', options, { n: count() }));
  });

async function windows(): Promise<Table> {
  const rows: Cell[][] = [];
  const list = [...eventsOf(EVENTS)];
  for (const panes of [1, 2, 4, 7, 14, 28]) {
    progress(`windows: ${panes}`);
    const onClose = await measured(overlapping(panes, undefined), ONE, EVENTS);
    const updating = await measured(overlapping(panes, onUpdate()), ONE, EVENTS);
    const peer = await costOf(EVENTS.count, () => ({ work: () => void rxjsHopping(list, panes) }));
    rows.push([String(panes), onClose.cpuNs, perSecond(onClose.cpuNs), updating.cpuNs, perSecond(updating.cpuNs), peer.cpuNs, perSecond(peer.cpuNs)]);
  }
  return {
    title: 'Overlapping windows of a count: size n days by 1 day; 100,000 events of 1,000 keys over 28 days',
    columns: [
      'windows',
      'on close, ns CPU',
      'events/s',
      'on update (n results), ns CPU',
      'events/s',
      'RxJS in memory (n counts), ns CPU',
      'events/s',
    ],
    rows,
  };
}

async function keys(): Promise<Table> {
  const counting = topology('counting', { version: 1 }, ({ source }) => void source(ONE, timed).pipe(aggregate('total', { n: count() })));
  const daily = topology('daily', { version: 1 }, ({ source }) => {
    source(ONE, timed).pipe(tumbling('day', { sizeMs: days(1), late: 'dead-letter' }, { n: count() }));
  });
  const rows: Cell[][] = [];
  for (const drawn of [1_000, 10_000, 100_000, 1_000_000]) {
    progress(`keys: ${drawn}`);
    const options = { count: 300_000, keys: drawn, days: 7, burst: 1 };
    const distinct = new Set([...eventsOf(options)].map(({ key }) => key)).size;
    const total = await measured(counting, ONE, options);
    const window = await measured(daily, ONE, options);
    rows.push([drawn.toLocaleString('en'), distinct, total.cpuNs, perSecond(total.cpuNs), window.cpuNs, perSecond(window.cpuNs)]);
  }
  return {
    title: 'Keys: 300,000 events over 7 days, each of another key than the one before; the cache holds 20,000 rows',
    columns: ['keys drawn from', 'keys met', 'aggregate, ns CPU', 'events/s', 'tumbling 1 d, ns CPU', 'events/s'],
    rows,
  };
}

const dailyCount = (topic: Topic<string, Event>): Topology =>
  topology('daily', { version: 1 }, ({ source }) => {
    source(topic, timed).pipe(tumbling('day', { sizeMs: days(1), late: 'dead-letter' }, { n: count() }));
  });

async function partitions(): Promise<Table> {
  const rows: Cell[][] = [];
  for (const count of [1, 3, 12, 48]) {
    progress(`partitions: ${count}`);
    rows.push([String(count), ...costCells(await measured(dailyCount(eventsIn(count)), eventsIn(count), EVENTS))]);
  }
  return { title: 'Partitions: tumbling 1 d over 100,000 events of 1,000 keys, one process', columns: ['partitions', ...COST], rows };
}

async function batches(): Promise<Table> {
  const rows: Cell[][] = [];
  for (const maxRecords of [10, 100, 1_000, 5_000, 20_000]) {
    progress(`batches: ${maxRecords}`);
    rows.push([maxRecords.toLocaleString('en'), ...costCells(await measured(dailyCount(ONE), ONE, EVENTS, { maxRecords }))]);
  }
  return {
    title: 'Batch size: most inputs between two commits; tumbling 1 d over 100,000 events of 1,000 keys, 1 partition',
    columns: ['batch', ...COST],
    rows,
  };
}

await report('engine', [topologies, windows, keys, partitions, batches]);
