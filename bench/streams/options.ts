/** What the command is told. */
import { parseArgs } from 'node:util';
import type { Guarantee } from '../../runtime/cluster/index.js';

/** The parts of the benchmark, in the order in which they run. */
export const PARTS = ['ratio', 'processes', 'embedded', 'windows', 'keys', 'latency'] as const;

export type Part = (typeof PARTS)[number];

/** What is measured, and how often. */
export interface StreamsOptions {
  readonly runs: number;
  /** Most clicks. */
  readonly events: number;
  readonly guarantees: readonly Guarantee[];
  readonly parts: readonly Part[];
  readonly json: boolean;
}

const USAGE = `npm run bench:streams -- [options]

This project against Kafka Streams: the same job on the same topic of the same broker, in turn.

  --parts LIST       ${PARTS.join(',')}; by default ratio
  --runs N           runs of each side, of which the median counts; by default 3
  --events N         at most so many clicks; by default all
  --guarantees LIST  exactly-once,idempotent; by default both
  --json             one JSON document, with the ratio of the first guarantee as "ratio"`;

/** Reads the options of the command line; prints them and ends where `--help` asks for them. */
export function streamsOptions(args: readonly string[]): StreamsOptions {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({ args: [...args], options: { parts: text, runs: text, events: text, guarantees: text, json: flag, help: flag } });
  if (values.help === true) {
    console.log(USAGE);
    process.exit(0);
  }
  return {
    runs: positive(values.runs ?? '3', 'runs'),
    events: positive(values.events ?? '1000000000', 'events'),
    guarantees: listed(values.guarantees ?? 'exactly-once,idempotent', ['exactly-once', 'idempotent'] as const),
    parts: listed(values.parts ?? 'ratio', PARTS),
    json: values.json === true,
  };
}

function positive(text: string, name: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} is a whole number from 1 on, not ${text}`);
  return number;
}

function listed<T extends string>(text: string, known: readonly T[]): readonly T[] {
  return text.split(',').map((one) => {
    const found = known.find((name) => name === one);
    if (found === undefined) throw new Error(`"${one}" is none of ${known.join(', ')}`);
    return found;
  });
}
