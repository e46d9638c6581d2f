/** Compares what the topologies left in Kafka and in Redis with the recomputation. */
import { readHeader } from '../../../runtime/engine/header.js';
import { StateCodec } from '../../../runtime/engine/stateCodec.js';
import type { LogRecord } from '../../../runtime/ports.js';
import { topicCodec, topics, type DeadLetter, type TopicCodec } from '../../../schemas/index.js';
import { codecsOf, idsOf, type Parts } from './arena.js';
import { foldInput, type Expected } from './fold.js';
import { courses, echoes, PARTITIONS, presses, STORES, totals, totalSchema, type Telling, type Total } from './topologies.js';

export interface CheckOptions {
  readonly region: string;
  /** Redis lost acknowledged writes: outputs may be in the log again, equal in every byte. */
  readonly mayRepeat: boolean;
}

/** What a check found. */
export interface Findings {
  /** What must never be: gaps, values that go back, repeats that differ or are not allowed, wrong values. */
  readonly wrong: readonly string[];
  /** What has not come yet, or never will. */
  readonly missing: readonly string[];
  readonly outputs: number;
  /** Outputs that came again, equal. */
  readonly repeats: number;
}

export async function check(parts: Parts, options: CheckOptions): Promise<Findings> {
  const { cluster, state } = parts;
  const ids = idsOf(parts);
  const found = new Found();
  const records = (topic: string, partition: number): AsyncIterable<LogRecord> => cluster.records(`${options.region}.${topic}`, partition);
  const expected = await foldInput(PARTITIONS, (partition) => records(presses.name, partition), codecsOf(parts).press);
  const series = new Map<string, Map<string, Total[]>>();
  for (const of of [totals, courses, echoes]) {
    const { name } = of;
    const codec = topicCodec<string, Telling>(of, ids);
    const byKey = new Map<string, Total[]>();
    series.set(name, byKey);
    for (let partition = 0; partition < PARTITIONS; partition++)
      await readOutputs(records(name, partition), `${name}/${partition}`, byKey, { found, mayRepeat: options.mayRepeat, codec });
  }
  compareSeries('totals', expected.totals, series.get(totals.name)!, found);
  compareSeries('echoes', expected.echoes, series.get(echoes.name)!, found);
  compareCourses(expected.courses, series.get(courses.name)!, found);
  compareLetters(expected.letters, await lettersIn(records, topicCodec(topics.deadLetters, ids)), found);
  await compareRows(expected, state, found);
  return found;
}

class Found implements Findings {
  readonly wrong: string[] = [];
  readonly missing: string[] = [];
  outputs = 0;
  repeats = 0;
}

interface Reading {
  readonly found: Found;
  readonly mayRepeat: boolean;
  readonly codec: TopicCodec<Telling>;
}

/** Takes each number of a producer once, in its order. */
async function readOutputs(
  records: AsyncIterable<LogRecord>,
  place: string,
  byKey: Map<string, Total[]>,
  { found, mayRepeat, codec }: Reading,
): Promise<void> {
  const sent = new Map<string, string[]>();
  for await (const { key, value, header } of records) {
    const told = readHeader(header)!;
    if (told.marker) continue;
    const producer = `${told.producer.name}#${told.producer.partition}`;
    const known = sent.get(producer) ?? [];
    sent.set(producer, known);
    const text = `${String(key)} ${value!.toString('hex')}`;
    const before = known[told.sequence - 1];
    if (before !== undefined) {
      found.repeats++;
      if (before !== text) found.wrong.push(`${place}: number ${told.sequence} of ${producer} came again as something else`);
      else if (!mayRepeat) found.wrong.push(`${place}: number ${told.sequence} of ${producer} came twice`);
      continue;
    }
    if (told.sequence !== known.length + 1) found.wrong.push(`${place}: after number ${known.length} of ${producer} came ${told.sequence}`);
    known[told.sequence - 1] = text;
    found.outputs++;
    const telling = codec.decode(String(key), value!);
    // Its fields are compared with the recomputation: so are its bytes, then.
    if (!codec.encode(String(key), telling).equals(value!))
      found.wrong.push(`${place}: the bytes of number ${told.sequence} of ${producer} are not those of its fields`);
    const { count, sum } = telling;
    const values = byKey.get(String(key)) ?? [];
    values.push({ count, sum });
    byKey.set(String(key), values);
  }
}

function compareSeries(
  topic: string,
  expected: ReadonlyMap<string, readonly Total[]>,
  actual: ReadonlyMap<string, readonly Total[]>,
  found: Found,
): void {
  for (const key of new Set([...expected.keys(), ...actual.keys()])) {
    const [wanted, had] = [expected.get(key) ?? [], actual.get(key) ?? []];
    const at = had.findIndex((value, index) => !equal(value, wanted[index]));
    if (at >= 0) found.wrong.push(`${topic} of ${key}: value ${at + 1} is ${textOf(had[at])} instead of ${textOf(wanted[at])}`);
    else if (had.length < wanted.length) found.missing.push(`${topic} of ${key}: ${had.length} values of ${wanted.length}`);
  }
}

function compareCourses(expected: ReadonlyMap<string, Total>, actual: ReadonlyMap<string, readonly Total[]>, found: Found): void {
  for (const key of new Set([...expected.keys(), ...actual.keys()])) {
    const [wanted, had] = [expected.get(key), actual.get(key) ?? []];
    const at = had.findIndex(({ count, sum }, index) => count !== index + 1 || sum <= (had[index - 1]?.sum ?? 0));
    if (at >= 0) found.wrong.push(`courses of ${key}: value ${at + 1} is ${textOf(had[at])} after ${textOf(had[at - 1])}`);
    else if (had.length > (wanted?.count ?? 0)) found.wrong.push(`courses of ${key}: ${had.length} values instead of ${wanted?.count ?? 0}`);
    else if (had.length < wanted!.count) found.missing.push(`courses of ${key}: ${had.length} values of ${wanted!.count}`);
    else if (!equal(had.at(-1)!, wanted)) found.wrong.push(`courses of ${key}: the last value is ${textOf(had.at(-1))} instead of ${textOf(wanted)}`);
  }
}

const equal = (one: Total, other: Total | undefined): boolean => one.count === other?.count && one.sum === other.sum;
const textOf = (total: Total | undefined): string => (total === undefined ? 'none' : `${total.count}: ${total.sum}`);

/** Codes of dead letters by `partition/offset` of the record. */
async function lettersIn(
  records: (topic: string, partition: number) => AsyncIterable<LogRecord>,
  codec: TopicCodec<DeadLetter>,
): Promise<Map<string, string>> {
  const had = new Map<string, string>();
  for (let partition = 0; partition < topics.deadLetters.partitions; partition++) {
    for await (const { key, value, header } of records(topics.deadLetters.name, partition)) {
      if (readHeader(header)?.marker || value === null) continue;
      const { sourcePartition, sourceOffset, code } = codec.decode(String(key), value);
      had.set(`${sourcePartition}/${sourceOffset}`, code);
    }
  }
  return had;
}

function compareLetters(expected: ReadonlyMap<string, string>, had: ReadonlyMap<string, string>, found: Found): void {
  for (const place of new Set([...expected.keys(), ...had.keys()])) {
    const [wanted, code] = [expected.get(place), had.get(place)];
    if (code === undefined) found.missing.push(`dead letter of ${place}: ${wanted ?? ''}`);
    else if (code !== wanted) found.wrong.push(`dead letter of ${place} says ${code} instead of ${wanted ?? 'nothing'}`);
  }
}

/** Rows byte for byte. A task holds the keys of its partition alone, so a row in two tasks is a wrong one. */
async function compareRows(expected: Expected, state: Parts['state'], found: Found): Promise<void> {
  const last = (series: Map<string, Total[]>): Map<string, Total> => new Map([...series].map(([key, values]) => [key, values.at(-1)!]));
  const wantedOf = { totals: last(expected.totals), echoes: last(expected.echoes), courses: expected.courses };
  for (const { topic, subtopology, store } of STORES) {
    const codec = new StateCodec(store, totalSchema, []);
    const wanted = wantedOf[topic.name as keyof typeof wantedOf];
    const met = new Map<string, Buffer>();
    for (let partition = 0; partition < PARTITIONS; partition++)
      for await (const { key, value } of state.rows(`${subtopology}/${partition}`).scan(store)) met.set(key, value);
    for (const key of new Set([...wanted.keys(), ...met.keys()])) {
      compareRow({ name: `row ${key} of ${topic.name}`, codec, total: wanted.get(key), row: met.get(key) }, found);
    }
  }
}

interface ComparedRow {
  readonly name: string;
  readonly codec: StateCodec<Total>;
  readonly total: Total | undefined;
  readonly row: Buffer | undefined;
}

function compareRow({ name, codec, total, row }: ComparedRow, found: Found): void {
  if (total !== undefined && row?.equals(codec.encode(total))) return;
  const has = row === undefined ? undefined : codec.decode(row);
  const isEarlier = (has?.count ?? 0) < (total?.count ?? 0);
  (isEarlier ? found.missing : found.wrong).push(`${name} is ${textOf(has)} instead of ${textOf(total)}`);
}
