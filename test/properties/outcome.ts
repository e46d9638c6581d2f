/** Runs a topology over a scenario and shows what came out, for comparison with an oracle. */
import { map } from 'rxjs';
import { expect } from 'vitest';
import { branch, topology, type Records, type SourceOptions, type Sources, type Topology } from '../../operators/index.js';
import { openDriver, type Batching, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { asides, events, others, results, timed, toResults, type Event, type Line } from '../operators/pipelines.js';
import { GONE, POISON, type Scenario, type Schedule, type TwoSided } from './arbitraries.js';
import { groupedBy } from './oracles/time.js';

/** Before every event: append times, which stand for the event times of tombstones, may then be anything. */
const LONG_AGO_MS = -1_000;

export interface Outcome {
  /** Results of each key in the order in which they were written. */
  readonly results: Map<string, Line[]>;
  /** What took the late or miss route, likewise. */
  readonly asides: Map<string, Line[]>;
  /** Source positions of the dead letters, `topic/partition/offset`. */
  readonly dead: string[];
  readonly driver: TopologyTestDriver;
}

/** The lines of an oracle as an outcome shows them: without keys that have none, numbers as JSON has them. */
export function expected(lines: readonly Line[]): Map<string, Line[]> {
  return groupedBy(JSON.parse(JSON.stringify(lines)) as Line[], ([key]) => key);
}

/** The lines of each key of a map, as {@link expected} gives them. */
export function expectedOf<T>(byKey: ReadonlyMap<string, T>, linesOf: (key: string, of: T) => readonly Line[]): Map<string, Line[]> {
  return expected([...byKey].flatMap(([key, of]) => linesOf(key, of)));
}

/** Results of each key as a bag: for operators that promise no order among those of one key. */
export function unordered(lines: ReadonlyMap<string, readonly Line[]>): Map<string, string[]> {
  return new Map([...lines].map(([key, of]) => [key, of.map((line) => JSON.stringify(line)).sort()]));
}

/** What a source of the scenarios is read with. */
export const sourceOf = (latenessMs: number): SourceOptions<Event> => ({ ...timed, latenessMs });

/** One source, one operator; after it, a reader of the same source that throws for poison. */
export function underTest(latenessMs: number, operator: (source: Records<string, Event>, sources: Sources) => Records<string, unknown>): Topology {
  return topology('under-test', { version: 1 }, (sources) => {
    const source = sources.source(events, sourceOf(latenessMs));
    operator(source, sources).pipe(toResults());
    branch('later', source.pipe(map(refusePoison)), {});
  });
}

function refusePoison<R extends { readonly value: Event }>(record: R): R {
  if (record.value.tag === POISON) throw new Error('a later operator cannot take this');
  return record;
}

/** Throws for every third instant of event time: for operators whose results come by timers. */
export function refuseThirds<V>(): (source: Records<string, V>) => Records<string, V> {
  return map((record) => {
    if (isThird(record.timestamp)) throw new Error('a later operator cannot take this');
    return record;
  });
}

const isThird = (timeMs: number): boolean => Math.abs(timeMs) % 3 === 0;

/** What {@link refuseThirds} lets through. */
export const withoutThirds = (lines: readonly Line[]): Line[] => lines.filter(([, timestamp]) => !isThird(timestamp));

const batchingOf = ({ maxRecords, mostRead, crashes }: Schedule): Batching => ({
  name: 'as scheduled',
  maxRecords,
  mostRead,
  crashes: (commit) => crashes[commit - 1] ?? null,
});

function open(of: Topology, schedule: Schedule, markerMs?: number): Promise<TopologyTestDriver> {
  const options = { partitions: schedule.partitions, nowMs: LONG_AGO_MS, batching: batchingOf(schedule) };
  return openDriver(of, markerMs === undefined ? options : { ...options, markerMs });
}

/** One source, and nothing after the operator that throws: for operators that deal with poison themselves. */
export function undisturbed(latenessMs: number, operator: (source: Records<string, Event>) => Records<string, unknown>): Topology {
  return topology('under-test', { version: 1 }, ({ source }) => {
    operator(source(events, sourceOf(latenessMs))).pipe(toResults());
  });
}

/** A left and a right source, one operator; after it, a reader of the left source that throws for poison. */
export function underTestOfTwo(
  latenessMs: number,
  operator: (left: Records<string, Event>, sources: Sources, options: SourceOptions<Event>) => Records<string, unknown>,
): Topology {
  return underTest(latenessMs, (source, sources) => operator(source, sources, sourceOf(latenessMs)));
}

/** Runs events through a topology of one source to the end of the input. */
export async function outcomeOf(of: Topology, { events: sent, stops, schedule }: Scenario, markerMs?: number): Promise<Outcome> {
  const driver = await open(of, schedule, markerMs);
  const borders = [...stops.filter((stop) => stop < sent.length).sort((a, b) => a - b), sent.length];
  let from = 0;
  for (const border of borders) {
    driver.input(events).sendAll(sent.slice(from, border));
    if (border < sent.length) await driver.run();
    from = border;
  }
  await driver.endInput();
  return outcome(driver);
}

/** Runs events of two sources; with `right` a table, its rows tagged {@link GONE} are tombstones. */
export async function twoSidedOutcomeOf(of: Topology, { left, right, schedule }: TwoSided, rightIs: 'stream' | 'table'): Promise<Outcome> {
  const driver = await open(of, schedule);
  driver.input(events).sendAll(left);
  const input = driver.input(others);
  for (const event of right) {
    if (rightIs === 'table' && event.tag === GONE) input.delete(event.key, { atMs: event.atMs });
    else input.send(event);
  }
  await driver.endInput();
  return outcome(driver);
}

function outcome(driver: TopologyTestDriver): Outcome {
  const dead = driver.deadLetters().map((letter) => `${letter.sourceTopic.split('.').at(-1)}/${letter.sourcePartition}/${letter.sourceOffset}`);
  return { results: linesByKey(driver, results), asides: linesByKey(driver, asides), dead: dead.sort(), driver };
}

/** When every window is closed, its operator keeps neither rows nor timers. */
export function expectNothingKept({ driver }: Outcome, store: string): void {
  expect(driver.rows(store)).toEqual(new Map());
  expect(driver.pendingTimers()).toBe(0);
}

function linesByKey(driver: TopologyTestDriver, topic: typeof results): Map<string, Line[]> {
  const lines = driver
    .output(topic)
    .records()
    .map(({ key, timestamp, value }): Line => [key, timestamp, JSON.parse(value!.json)]);
  return groupedBy(lines, ([key]) => key);
}
