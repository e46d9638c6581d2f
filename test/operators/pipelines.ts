/** Small topologies around one operator: events in, results as JSON out. */
import { map, type Observable } from 'rxjs';
import { to, topology, withValue, type Records, type SourceOptions, type Sources, type Topology } from '../../operators/index.js';
import { openDriver, testTopology, type DriverOptions, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { schema, topic, type Infer } from '../../schemas/index.js';

const eventSchema = schema.record({ key: schema.string, atMs: schema.long, n: schema.double, tag: schema.string });
const resultSchema = schema.record({ key: schema.string, json: schema.string });

export type Event = Infer<typeof eventSchema>;
export type Result = Infer<typeof resultSchema>;

const partitions = 12;
export const events = topic({ name: 'events', schema: eventSchema, keyFields: ['key'], partitions });
export const others = topic({ name: 'others', schema: eventSchema, keyFields: ['key'], partitions });
/** Written by another topology: event times are in the headers. */
export const derived = topic({ name: 'derived', schema: eventSchema, keyFields: ['key'], partitions, derived: true });
export const results = topic({ name: 'results', schema: resultSchema, keyFields: ['key'], partitions, cleanup: 'compact' });
export const asides = topic({ name: 'asides', schema: resultSchema, keyFields: ['key'], partitions });

/** An event; `n` 1 and no tag unless given. */
export const event = (key: string, atMs: number, rest: Partial<Event> = {}): Event => ({ key, atMs, n: 1, tag: '', ...rest });

/** Event times come from the value, which allows any distance to the append time. */
export const timed: SourceOptions<Event> = { eventTimeMs: (value) => value.atMs, maxAheadMs: Number.MAX_SAFE_INTEGER };

/** Ends a pipeline of any values in the results. */
export function toResults<V>(id?: string): (source: Records<string, V>) => Observable<never> {
  return (source) => source.pipe(asJson(), to(results, id));
}

/** Ends a side route. */
export const toAsides = (records: Records<string, unknown>): Observable<never> => records.pipe(asJson(), to(asides));

export function asJson<V>(): (source: Records<string, V>) => Records<string, Result> {
  return map((record) => withValue(record, { key: record.key, json: JSON.stringify(record.value) }));
}

/** A topology of one source with one operator after it. */
export function around(
  operator: (source: Records<string, Event>, sources: Sources) => Records<string, unknown>,
  options: Partial<SourceOptions<Event>> = {},
): Topology {
  return topology('under-test', { version: 1 }, (sources) => {
    operator(sources.source(events, { ...timed, ...options }), sources).pipe(toResults());
  });
}

/** A result as tests compare it: key, event time, value. */
export type Line = readonly [key: string, timestamp: number, value: unknown];

/** Results in the order of event time, then key. */
export function lines(driver: TopologyTestDriver, from = results): Line[] {
  return driver
    .output(from)
    .take()
    .map(({ key, timestamp, value }) => [key, timestamp, value === null ? null : JSON.parse(value.json)] as const);
}

/** Sends events in order, ends the input, and gives the results of both batchings, which agree. */
export async function resultsOf(of: Topology, sent: readonly Event[], look: (driver: TopologyTestDriver, found: Line[]) => void): Promise<void> {
  await testTopology(of, async (driver) => {
    driver.input(events).sendAll(sent);
    await driver.endInput();
    look(driver, lines(driver));
  });
}

/** Runs once with a given batching; for properties. */
export async function runOnce(of: Topology, sent: readonly Event[], options: DriverOptions): Promise<TopologyTestDriver> {
  const driver = await openDriver(of, options);
  driver.input(events).sendAll(sent);
  await driver.endInput();
  return driver;
}
