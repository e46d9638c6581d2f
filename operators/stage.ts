import { Observable } from 'rxjs';
import { SkillForgeError, type Topic } from '../schemas/index.js';
import type { StageContext, StageLogic, StoreSpec } from './ports/stage.js';
import type { StreamRecord } from './record.js';

/** The topology that a stage belongs to, as operators see it. */
export interface StageOwner {
  readonly name: string;
  readonly version: number;
  readonly region: string;
  add(spec: StageSpec, inputs: readonly Observable<unknown>[]): StageOutput<string, unknown>[];
}

/** JSON that `plan` compares between two deployments of a stage. */
export type StageParameters = Readonly<Record<string, unknown>>;

/** What a stage does, as graph and plan name it. */
export type StageKind =
  | 'source'
  | 'table'
  | 'global-table'
  | 'repartition'
  | 'batch'
  | 'sink'
  | 'merge'
  | 'branch'
  | 'window'
  | 'sessions'
  | 'sliding'
  | 'aggregate'
  | 'reduce'
  | 'reduce-table'
  | 'dedupe'
  | 'debounce'
  | 'timer'
  | 'in-time-order'
  | 'join-interval'
  | 'join-table'
  | 'join-as-of'
  | 'lookup'
  | 'lookup-all'
  | 'foreign-key-changes';

/** How a source topic is read. All times in ms. */
export interface SourceInput {
  readonly topic: Topic<string, unknown>;
  /** Event time of a value; absent where the writer's engine header carries it. */
  readonly eventTimeMs?: (value: unknown) => number;
  readonly latenessMs: number;
  readonly idleMs: number;
  readonly maxAheadMs: number;
  /** `task`: one partition, co-partitioned; `global`: every partition to every task. */
  readonly scope: 'task' | 'global';
  /** Whether the task's watermark waits for this topic's. A global table of latest values says nothing about time. */
  readonly holdsWatermark: boolean;
  /** Present where the topic is internal to the topology. */
  readonly internal?: 'repartition' | 'batch';
  readonly batch?: BatchWork;
}

/** The asynchronous work of a batch stage: one result per record, in order. */
export interface BatchWork {
  /** Id of the batch stage: its dead letters name it. */
  readonly stage: string;
  readonly maxRecords: number;
  readonly run: (records: readonly StreamRecord<string, unknown>[]) => Promise<readonly unknown[]>;
}

/** A durable operator as declared: everything but the wiring. */
export interface StageSpec {
  readonly id: string;
  readonly kind: StageKind;
  readonly parameters: StageParameters;
  readonly stores: readonly StoreSpec<unknown>[];
  readonly ports: readonly string[];
  /** How far the event time of a result may lie behind the stage's watermark when it goes out, ms; what reads it waits so much longer. Default 0. */
  readonly holdMs?: number;
  readonly create: (context: StageContext) => StageLogic;
  /** Present where the stage reads a topic. */
  readonly source?: SourceInput;
  /** Topic that a sink or a repartition writes to. */
  readonly target?: Topic<string, unknown>;
}

type Listener<K extends string, V> = (record: StreamRecord<K, V>) => void;

/**
 * One output of a stage. Subscribing never re-runs the stage: it is shared by all that read it, in order of subscription.
 * A plain list of listeners does what a `Subject` would, for a third of its cost a record.
 */
export class StageOutput<K extends string, V> extends Observable<StreamRecord<K, V>> {
  private readonly listeners: Listener<K, V>[] = [];

  constructor(
    readonly owner: StageOwner,
    readonly stageId: string,
    readonly port: number,
  ) {
    super((subscriber) => this.listen((record) => subscriber.next(record)));
  }

  /** Hands a record to every reader. A reader that fails stops listening while the others go on. */
  emit(record: StreamRecord<K, V>): void {
    const { listeners } = this;
    for (let index = 0; index < listeners.length;) {
      const listener = listeners[index]!;
      listener(record);
      if (listeners[index] === listener) index++;
    }
  }

  /** Listens without RxJS between: what a stage that reads this output directly does. Returns the unsubscriber. */
  listen(listener: Listener<K, V>): () => void {
    const { listeners } = this;
    listeners.push(listener);
    return () => {
      const at = listeners.indexOf(listener);
      if (at >= 0) listeners.splice(at, 1);
    };
  }
}

/**
 * The stage that feeds an observable, found through RxJS's own stateless operators.
 * @throws SFS_TOPOLOGY_DETACHED when the observable did not come from a source of this topology
 */
export function upstreamOf(observable: Observable<unknown>): { output: StageOutput<string, unknown>; through: number } {
  let current: Observable<unknown> | undefined = observable;
  for (let through = 0; current !== undefined; through++) {
    if (current instanceof StageOutput) return { output: current as StageOutput<string, unknown>, through };
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- nothing else leads from a piped observable to what it was piped from
    current = current.source;
  }
  throw new SkillForgeError(
    'SFS_TOPOLOGY_DETACHED',
    'an operator is applied to an observable that does not come from a source of this topology; use the operators `merge` and `branch` instead of creation functions of RxJS',
  );
}
