/** One cell of the matrix of regions: who of one region meets what of another, and what comes of it. */
import type { TestContext } from 'vitest';
import type { MemoryStorage } from '../../runtime/testing/index.js';
import { physicalTopicName, type Topic } from '../../schemas/index.js';
import { RecordAppender } from '../../scripts/commands/recordAppender.js';

/** What reads or takes something. */
export const WHO = ['worker', 'replay', 'reader', 'gateway', 'training export', 'trainer', 'state restore', 'model following', 'tool'] as const;
/** What may be of another region. */
export const WHAT = ['event', 'header', 'control record', 'topic', 'state', 'model'] as const;

export type Who = (typeof WHO)[number];
export type What = (typeof WHAT)[number];

/** What came of something that `who` of one region met. */
export interface Outcome {
  /** The code with which it was refused; `not read` for a topic that nobody looked at; `null` where it was taken. */
  readonly refused: string | null;
  /** How often a metric, or the result of the command, says that something was refused. A start that is refused ends the process: its code is the count. */
  readonly counted: number | 'start';
  /** How much of it came in. */
  readonly taken: number;
  /** Whether what was refused is still somewhere: where it was, in the dead letters, or with its sender. */
  readonly kept: boolean;
}

export interface Cell {
  readonly who: Who;
  readonly what: What;
  /** In a word, what is run. */
  readonly how: string;
  /** With what another region's is refused. */
  readonly code: string;
  /** Takes seconds: tried once in each direction less. */
  readonly slow?: true;
  /** Runs the component in region `here` over something of region `there`. */
  run(here: string, there: string, context: TestContext): Promise<Outcome>;
}

/** Appends values to a topic of region `here`, whatever region they say themselves. */
export async function append<V>(storage: MemoryStorage, here: string, topic: Topic<string, V>, values: readonly V[]): Promise<void> {
  const appender = new RecordAppender(storage, topic, here, `test/${topic.name}/${planted++}`);
  for (const value of values) appender.add(value);
  await appender.commit({});
  await appender.finish();
}
let planted = 0;

/** Records of a topic, markers left out. */
export function recordsIn(storage: MemoryStorage, here: string, name: string): number {
  const physical = physicalTopicName(here, name);
  const spec = storage.log.topics().find((one) => one.name === physical);
  let count = 0;
  for (let partition = 0; partition < (spec?.partitions ?? 0); partition++) {
    const { start, end } = storage.log.range(physical, partition);
    count += storage.log.read(physical, partition, start, end - start + 1).filter(({ key }) => key !== null).length;
  }
  return count;
}

/** The value of a counter in the text of Prometheus: the sum of the series that have all of these labels. */
export function counterIn(text: string, name: string, labels: Readonly<Record<string, string>>): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) && wanted.every((label) => line.includes(label)));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** The code of what is thrown; `null` where nothing is. */
export async function codeOf(work: () => unknown): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error);
  }
}
