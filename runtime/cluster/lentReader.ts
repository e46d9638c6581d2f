import type { Broker, FetchListener, ManualReader } from '../kafka/broker.js';

/** A reader for one use. */
export interface LentReader {
  readonly reader: ManualReader;
  /** @param isWell - whether another may have it; it is closed otherwise */
  readonly giveBack: (isWell: boolean) => Promise<void>;
}

interface Resting {
  readonly reader: ManualReader;
  listener: FetchListener | null;
}

/** One for each broker, which ends with it: to connect takes longer than to read most partitions, and tools read them one after the other. */
const resting = new WeakMap<Broker, Resting>();

/** Lends a reader of the broker to a listener. @throws SFS_BROKER_UNAVAILABLE, SFS_BROKER_REFUSED */
export async function lentReader(broker: Broker, listener: FetchListener): Promise<LentReader> {
  const one = taken(broker) ?? (await opened(broker));
  one.listener = listener;
  return { reader: one.reader, giveBack: (isWell) => givenBack(broker, one, isWell) };
}

function taken(broker: Broker): Resting | undefined {
  const one = resting.get(broker);
  resting.delete(broker);
  return one;
}

async function opened(broker: Broker): Promise<Resting> {
  const heard: { listener: FetchListener | null } = { listener: null };
  const reader = await broker.reader({
    untilEnd: true,
    onRecords: (fetched) => heard.listener?.onRecords(fetched),
    onError: (error) => {
      // Nobody may have one that failed while it was at rest.
      if (heard.listener === null) void taken(broker)?.reader.close();
      else heard.listener.onError(error);
    },
  });
  return Object.assign(heard, { reader });
}

async function givenBack(broker: Broker, one: Resting, isWell: boolean): Promise<void> {
  one.listener = null;
  // A reader of kafkajs goes on asking for all topics that it ever read, of which some may be gone.
  if (!isWell || broker.driver !== 'confluent' || resting.has(broker)) return one.reader.close();
  try {
    await one.reader.assign([]);
  } catch {
    // What was read is whole: that the reader has come to its end meanwhile is no failure of it.
    return one.reader.close();
  }
  // Another one may have come back meanwhile.
  if (resting.has(broker)) return one.reader.close();
  resting.set(broker, one);
}
