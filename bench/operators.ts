/**
 * Cost of each operator, alone and through the engine over a storage in memory:
 * `node --import tsx bench/operators.ts [--json] [--only TEXT]`.
 */
import { AloneStages } from './alone.js';
import { inMemory, type Input } from './engineRun.js';
import { eventsOf, rows, rowsOf, type EventOptions } from './events.js';
import { costOf, perSecond, type Cost, type Run } from './measure.js';
import { events, operatorCases, type OperatorCase } from './operatorCases.js';
import { progress, report, type Table } from './report.js';
import { rxjsHopping, rxjsTumbling } from './rxjsPeer.js';

const EVENTS: EventOptions = { count: 100_000, keys: 1_000, days: 28 };

async function operators(): Promise<Table> {
  const only = process.argv.indexOf('--only');
  const chosen = operatorCases.filter(({ name }) => only === -1 || name.includes(process.argv[only + 1]!));
  const measured = [];
  for (const one of chosen) measured.push(await rowOf(one));
  return {
    title: `Operators: ${EVENTS.count.toLocaleString('en')} events of ${EVENTS.keys.toLocaleString('en')} keys over ${EVENTS.days} days, closings included`,
    columns: ['operator', 'alone, ns CPU', 'alone, events/s', 'engine, ns CPU', 'engine, events/s', 'engine, ns wall'],
    rows: measured,
  };
}

async function rowOf(one: OperatorCase): Promise<(string | number)[]> {
  progress(one.name);
  const alone = await costOf(EVENTS.count, () => runAlone(one));
  const engine = await costOf(EVENTS.count, () => inMemory(one.topology, inputsOf(one)));
  return [one.name, alone.cpuNs, perSecond(alone.cpuNs), engine.cpuNs, perSecond(engine.cpuNs), engine.wallNs];
}

function inputsOf({ readsRows }: OperatorCase): Input<never>[] {
  const table = { topic: rows, values: () => rowsOf(EVENTS) };
  return [...(readsRows ? [table] : []), { topic: events, values: () => eventsOf(EVENTS) }] as unknown as Input<never>[];
}

function runAlone({ topology, readsRows }: OperatorCase): Run {
  const stages = new AloneStages(topology);
  if (readsRows) for (const row of rowsOf(EVENTS)) stages.push(rows.name, { key: row.key, value: row, timestamp: row.atMs });
  const records = [...eventsOf(EVENTS)].map((event) => ({ key: event.key, value: event, timestamp: event.atMs }));
  return {
    work: () => {
      for (const record of records) stages.push(events.name, record);
      stages.end();
    },
  };
}

async function peers(): Promise<Table> {
  progress('plain RxJS');
  const list = [...eventsOf(EVENTS)];
  const tumbling = await costOf(EVENTS.count, () => ({ work: () => void rxjsTumbling(list) }));
  const hopping = await costOf(EVENTS.count, () => ({ work: () => void rxjsHopping(list, 7) }));
  const row = (name: string, { cpuNs }: Cost): (string | number)[] => [name, cpuNs, perSecond(cpuNs)];
  return {
    title: 'The floor: plain RxJS over the same events in memory, without event time, lateness, closing, state to give back or durability',
    columns: ['peer', 'ns CPU', 'events/s'],
    rows: [row('groupBy + scan, 1 d, on update', tumbling), row('groupBy + scan, 7 d by 1 d, on update (7 counts)', hopping)],
  };
}

await report('operators', [operators, peers]);
