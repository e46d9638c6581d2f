import { FetchBuffer, FetchControl } from '../../../runtime/cluster/fetchBuffer.js';
import { SchemaGate } from '../../../runtime/cluster/schemaGate.js';
import type { PartitionReader } from '../../../runtime/kafka/broker.js';
import type { Log, LogRecord } from '../../../runtime/ports.js';

/** A partition as it is read from a broker: what lies behind what was fetched comes some time after it is asked for again. */
export function fetchedFrom(records: readonly LogRecord[]): { readonly log: Pick<Log, 'range' | 'read'>; readonly deliver: () => void } {
  let next = 0;
  let isPaused = false;
  const reader: PartitionReader = {
    seek: (_topic, _partition, offset) => {
      next = offset;
      return Promise.resolve();
    },
    pause: () => (isPaused = true),
    resume: () => (isPaused = false),
    close: () => Promise.resolve(),
  };
  const buffer = new FetchBuffer(0, new FetchControl(reader, 'derived', 0), new SchemaGate(undefined, () => undefined));
  buffer.begin(0);
  return {
    log: { range: () => buffer.range(), read: (_topic, _partition, offset, most) => buffer.read(offset, most) },
    deliver: () => {
      if (isPaused) return;
      const some = records.slice(next, next + 500);
      next += some.length;
      buffer.take({ records: some, nextOffset: next });
    },
  };
}
