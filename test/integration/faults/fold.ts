/** The recomputation: a fold of the input as it lies in Kafka, by nothing of the engine but the decoder of values. */
import { isMarker } from '../../../runtime/engine/header.js';
import type { LogRecord } from '../../../runtime/ports.js';
import type { TopicCodec } from '../../../schemas/index.js';
import { POISONS, poisonOf } from './poison.js';
import { added, type Press, type Total } from './topologies.js';

/** What should be there. */
export interface Expected {
  /** By learner: each total in its order. */
  readonly totals: Map<string, Total[]>;
  readonly echoes: Map<string, Total[]>;
  /** By course: the last total. The order in which presses of several partitions come is the engine's to choose. */
  readonly courses: Map<string, Total>;
  /** Codes of dead letters by `partition/offset` of the record. */
  readonly letters: Map<string, string>;
}

const ZERO: Total = { count: 0, sum: 0 };

export async function foldInput(
  partitions: number,
  records: (partition: number) => AsyncIterable<LogRecord>,
  codec: TopicCodec<Press>,
): Promise<Expected> {
  const expected: Expected = { totals: new Map(), echoes: new Map(), courses: new Map(), letters: new Map() };
  for (let partition = 0; partition < partitions; partition++) {
    for await (const { key, value, header, offset } of records(partition)) {
      if (header !== null && isMarker(header)) continue;
      const poison = poisonOf(header);
      const code = poison === null ? null : POISONS[poison]!.code;
      if (code === null) take(expected, String(key), codec.decode(String(key), value!));
      else expected.letters.set(`${partition}/${offset}`, code);
    }
  }
  return expected;
}

function take({ totals, echoes, courses }: Expected, learner: string, { course, n }: Press): void {
  const total = append(totals, learner, n);
  append(echoes, learner, total.sum);
  courses.set(course, added(courses.get(course) ?? ZERO, n));
}

function append(series: Map<string, Total[]>, key: string, n: number): Total {
  const known = series.get(key) ?? [];
  const total = added(known.at(-1) ?? ZERO, n);
  known.push(total);
  series.set(key, known);
  return total;
}
