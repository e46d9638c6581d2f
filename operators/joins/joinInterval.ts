import { assertNotNegative } from '../assert.js';
import { SkillForgeError } from '../../schemas/index.js';
import { attach } from '../attach.js';
import type { KeyedState, StageContext, StageLogic, StoreSpec } from '../ports/stage.js';
import type { Records, StreamRecord } from '../record.js';
import { connectRoute, routeParameter, sendAlong, type Late, type Route } from '../route.js';
import { schema, type ValueSchema } from '../schema.js';

/** The interval of a stream-stream join in ms, the shapes of what it holds, and where late records go. */
export interface JoinIntervalOptions<K extends string, A, B> {
  /** How far the right record may lie before the left one; 0 or more. */
  readonly beforeMs: number;
  /** How far the right record may lie after the left one; 0 or more. */
  readonly afterMs: number;
  /** Shape of the left records that wait for a partner. */
  readonly left: ValueSchema<A>;
  /** Shape of the right records that wait for a partner. */
  readonly right: ValueSchema<B>;
  /** Where records of either side go whose partners may have been forgotten already. */
  readonly late: Route<K, Late<A | B>>;
}

interface Held<T> {
  readonly timestamp: number;
  readonly value: T;
}

interface JoinRow<A, B> {
  readonly left: readonly Held<A>[];
  readonly right: readonly Held<B>[];
}

/**
 * Pairs every left record of event time t with every right record of the same key and event time in
 * [t - beforeMs, t + afterMs]. A pair goes out once, when its second record arrives, with the greater event time of both.
 * A left record is forgotten when watermark > t + afterMs, a right one when watermark > t + beforeMs. A record that
 * arrives when watermark > t goes to `late`, since partners of it may be forgotten: two records that were not late
 * always meet.
 *
 * Cost: O(records of the key in the interval) per record; pairs may be many times more than records.
 *
 * @example
 * events.pipe(
 *   joinInterval('answered', others, { beforeMs: 0, afterMs: 10, left: eventSchema, right: eventSchema, late: 'dead-letter' },
 *     (question, answer) => `${question.tag} ${answer.tag}`),
 * )
 * // <- ada@0 'why?', ada@20 'how?'
 * // <- others: ada@5 'because', ada@31 'so'
 * // -> ada@5 'why? because'
 * @throws SFS_DURATION, SFS_WINDOW when both bounds are 0
 * @see Flink's interval join; Kafka Streams `JoinWindows`
 */
export function joinInterval<K extends string, A, B, R>(
  id: string,
  right: Records<K, B>,
  options: JoinIntervalOptions<K, A, B>,
  join: (left: A, right: B) => R,
): (left: Records<K, A>) => Records<K, R> {
  const { beforeMs, afterMs, late } = options;
  assertNotNegative('beforeMs', beforeMs);
  assertNotNegative('afterMs', afterMs);
  if (beforeMs + afterMs === 0) throw new SkillForgeError('SFS_WINDOW', `interval join "${id}" has an empty interval`);
  const store: StoreSpec<JoinRow<A, B>> = { name: `${id}/held`, schema: joinSchema(options.left, options.right) };
  return (left) => {
    const outputs = attach([left, right], {
      id,
      kind: 'join-interval',
      parameters: { beforeMs, afterMs, late: routeParameter(late) },
      stores: [store],
      ports: ['out', 'late'],
      create: (context) => new IntervalLogic<A, B, R>({ id, beforeMs, afterMs, store, late, join }, context),
    });
    connectRoute(late, outputs[1]);
    return outputs[0] as unknown as Records<K, R>;
  };
}

function joinSchema<A, B>(left: ValueSchema<A>, right: ValueSchema<B>): ValueSchema<JoinRow<A, B>> {
  const held = <T>(value: ValueSchema<T>): ValueSchema<unknown> => schema.array(schema.record({ timestamp: schema.long, value }));
  return schema.record({ left: held(left), right: held(right) }) as ValueSchema<JoinRow<A, B>>;
}

interface IntervalStage<A, B, R> {
  readonly id: string;
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly store: StoreSpec<JoinRow<A, B>>;
  readonly late: Route<never, Late<A | B>>;
  readonly join: (left: A, right: B) => R;
}

class IntervalLogic<A, B, R> implements StageLogic {
  private readonly rows: KeyedState<JoinRow<A, B>>;

  constructor(
    private readonly stage: IntervalStage<A, B, R>,
    private readonly context: StageContext,
  ) {
    this.rows = context.state(stage.store);
  }

  onRecord(record: StreamRecord<string, unknown>, input: number): void {
    const { beforeMs, afterMs } = this.stage;
    const isLeft = input === 0;
    const keepMs = isLeft ? afterMs : beforeMs;
    if (this.context.watermarkMs > record.timestamp) return this.sendLate(record);
    const row = this.rows.get(record.key) ?? { left: [], right: [] };
    const held = { timestamp: record.timestamp, value: record.value as never };
    this.rows.put(record.key, isLeft ? { ...row, left: [...row.left, held] } : { ...row, right: [...row.right, held] });
    this.context.timers.set(record.key, record.timestamp + keepMs + 1);
    for (const partner of isLeft ? row.right : row.left) {
      const distance = isLeft ? partner.timestamp - record.timestamp : record.timestamp - partner.timestamp;
      if (distance >= -beforeMs && distance <= afterMs) this.pair(record, partner, isLeft);
    }
  }

  onTimer(key: string, timeMs: number): void {
    const row = this.rows.get(key);
    if (row === undefined) return;
    const left = row.left.filter((held) => held.timestamp + this.stage.afterMs >= timeMs);
    const right = row.right.filter((held) => held.timestamp + this.stage.beforeMs >= timeMs);
    if (left.length + right.length === 0) this.rows.delete(key);
    else this.rows.put(key, { left, right });
  }

  private pair(record: StreamRecord<string, unknown>, partner: Held<unknown>, isLeft: boolean): void {
    const [left, right] = isLeft ? [record.value, partner.value] : [partner.value, record.value];
    const timestamp = Math.max(record.timestamp, partner.timestamp);
    this.context.emit(0, { key: record.key, value: this.stage.join(left as A, right as B), timestamp });
  }

  private sendLate(record: StreamRecord<string, unknown>): void {
    const { id, late } = this.stage;
    const { watermarkMs } = this.context;
    sendAlong(this.context, late, 1, record, {
      event: 'late',
      code: 'SFS_LATE',
      reason: `event time ${record.timestamp} is behind the watermark ${watermarkMs} of stage ${id}: its partners may be forgotten`,
      value: () => ({ value: record.value as A | B, operator: id, watermarkMs, closedWindows: 1, windows: 1 }),
    });
  }
}
