import { heldOrigin } from './originSchema.js';
import type { KeyedState, StageContext, StoreSpec } from './ports/stage.js';
import type { Origin, StreamRecord } from './record.js';
import { schema, type ValueSchema } from './schema.js';

/** A record that waits for the watermark. */
export interface Held<V> {
  readonly timestamp: number;
  readonly value: V;
  /** Where the record lies in its topic; `null` for what a timer made. */
  readonly source: Origin | null;
}

/** The records of a key that wait, in one row, in order of arrival. */
export type HeldStore<V> = StoreSpec<readonly Held<V>[]>;

/** The store of a stage that lets records wait. */
export function heldStore<V>(name: string, value: ValueSchema<V>): HeldStore<V> {
  return { name, schema: schema.array(schema.record({ timestamp: schema.long, value, source: heldOrigin })) };
}

/** Records that wait until watermark >= event time + `waitMs`, each with a timer of its own: one that fails takes no other with it. */
export class HeldRecords<V> {
  private readonly rows: KeyedState<readonly Held<V>[]>;

  constructor(
    store: HeldStore<V>,
    private readonly context: StageContext,
    private readonly waitMs: number,
  ) {
    this.rows = context.state(store);
  }

  hold({ key, timestamp, value }: StreamRecord<string, unknown>): void {
    const held = this.rows.get(key) ?? [];
    this.rows.put(key, [...held, { timestamp, value: value as V, source: this.context.source }]);
    const nth = held.filter((other) => other.timestamp === timestamp).length;
    this.context.timers.set(key, timestamp + this.waitMs, String(nth));
  }

  /** Takes out the record whose timer fires, of several of one time the one that came first; what fails from here on is buried with its position. */
  release(key: string, timeMs: number): StreamRecord<string, V> {
    const held = this.rows.get(key) ?? [];
    const at = held.findIndex(({ timestamp }) => timestamp + this.waitMs === timeMs);
    const { timestamp, value, source } = held[at]!;
    if (held.length === 1) this.rows.delete(key);
    else this.rows.put(key, held.toSpliced(at, 1));
    if (source !== null) this.context.causedBy(source);
    return { key, timestamp, value };
  }
}
