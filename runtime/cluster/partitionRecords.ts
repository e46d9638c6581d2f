import type { SkillForgeError } from '../../schemas/index.js';
import type { Admin, Broker } from '../kafka/broker.js';
import type { LogRecord } from '../ports.js';

/** All records of a partition up to the end that it has now. @throws what reading throws */
export async function* partitionRecords(broker: Broker, admin: Admin, topic: string, partition: number): AsyncGenerator<LogRecord> {
  const { start, end } = (await admin.ranges(topic))[partition]!;
  if (start >= end) return;
  let [waiting, next, failure]: [LogRecord[], number, SkillForgeError | null] = [[], start, null];
  let wake: () => void = () => undefined;
  const reader = await broker.reader({
    onRecords: ({ records, nextOffset }) => {
      waiting.push(...records);
      next = nextOffset;
      wake();
    },
    onError: (error) => {
      failure = error;
      wake();
    },
  });
  try {
    await reader.assign([{ topic, partition, offset: start }]);
    for (;;) {
      if (failure !== null) throw failure as SkillForgeError;
      const taken = waiting;
      waiting = [];
      yield* taken;
      if (waiting.length > 0) continue;
      if (next >= end) return;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    await reader.close();
  }
}
