import { Subscription, type Observable } from 'rxjs';
import { SkillForgeError } from '../schemas/index.js';
import type { StageContext, StageLogic } from './ports/stage.js';
import type { StreamRecord } from './record.js';
import { StageOutput, upstreamOf, type StageOwner, type StageSpec } from './stage.js';

/** Where a stage reads: one output of another stage. */
export interface StageInput {
  readonly stage: string;
  readonly port: number;
  /** Number of RxJS operators between the two stages. */
  readonly through: number;
}

/** A stage with its inputs found. */
export interface StageNode extends StageSpec {
  readonly inputs: readonly StageInput[];
}

/** Collects the first failure of an input record: everything after it is skipped until the engine has undone the record. */
export interface FailureGuard {
  readonly failed: boolean;
  fail(error: unknown, stage: string, rewire: boolean): void;
}

/** The stages of one task, subscribed to each other. */
export interface Wiring {
  readonly logics: ReadonlyMap<string, StageLogic>;
  /** Feeds a source stage. */
  push(stage: string, record: StreamRecord<string, unknown>): void;
  disconnect(): void;
}

interface Wire {
  readonly node: StageNode;
  readonly outputs: readonly StageOutput<string, unknown>[];
  readonly observables: readonly Observable<unknown>[];
}

const ID = /^[a-z][a-z0-9-]{0,63}$/;

/** Sources, and sinks that were given no id, are called by their topic, whose name was checked by its own rule. */
const isTopicNamed = ({ id, source, target }: StageSpec): boolean => source !== undefined || (target !== undefined && id.endsWith(`-${target.name}`));

/** Collects the stages that one run of a topology's build function declares, and wires them for a task. */
export class TopologyBuilder implements StageOwner {
  private readonly wires = new Map<string, Wire>();

  constructor(
    readonly name: string,
    readonly version: number,
    readonly region: string,
  ) {}

  get stages(): readonly StageNode[] {
    return [...this.wires.values()].map((wire) => wire.node);
  }

  /** @throws SFS_STAGE_ID on a malformed id, SFS_STAGE_DUPLICATE on one used twice, SFS_TOPOLOGY_DETACHED on a foreign observable */
  add(spec: StageSpec, observables: readonly Observable<unknown>[]): StageOutput<string, unknown>[] {
    if (!ID.test(spec.id) && !isTopicNamed(spec)) {
      throw new SkillForgeError(
        'SFS_STAGE_ID',
        `"${spec.id}" is no stage id: lower-case letters, digits and dashes, at most 64, starting with a letter`,
      );
    }
    if (this.wires.has(spec.id)) {
      const hint = spec.source === undefined ? '' : ': a topic is read once; keep its stream in a variable, which any number of pipelines may read';
      throw new SkillForgeError('SFS_STAGE_DUPLICATE', `topology ${this.name} has two stages with the id "${spec.id}"${hint}`);
    }
    const inputs = observables.map((observable) => this.inputOf(spec.id, observable));
    const outputs = spec.ports.map((_, port) => new StageOutput<string, unknown>(this, spec.id, port));
    this.wires.set(spec.id, { node: { ...spec, inputs }, outputs, observables });
    return outputs;
  }

  private inputOf(stage: string, observable: Observable<unknown>): StageInput {
    const { output, through } = upstreamOf(observable);
    if (output.owner !== this) {
      throw new SkillForgeError('SFS_TOPOLOGY_MIXED', `stage "${stage}" of ${this.name} reads a stream of another topology`);
    }
    return { stage: output.stageId, port: output.port, through };
  }

  /** Subscribes the named stages to each other. Call again after a failure that asks for it: state lives in stores, so nothing is lost. */
  connect(stageIds: ReadonlySet<string>, contextOf: (stage: StageNode) => StageContext, guard: FailureGuard): Wiring {
    const subscription = new Subscription();
    const logics = new Map<string, StageLogic>();
    for (const { node, outputs, observables } of this.wires.values()) {
      if (!stageIds.has(node.id)) continue;
      const logic = node.create(emitting(contextOf(node), outputs, guard));
      logics.set(node.id, logic);
      observables.forEach((observable, input) => subscription.add(subscribe(observable, node.id, logic, input, guard)));
    }
    return {
      logics,
      push: (stage, record) => this.wires.get(stage)!.outputs[0]!.emit(record),
      disconnect: () => subscription.unsubscribe(),
    };
  }
}

function emitting(context: StageContext, outputs: readonly StageOutput<string, unknown>[], guard: FailureGuard): StageContext {
  context.emit = (port, record) => {
    if (!guard.failed && !context.muted) outputs[port]!.emit(record);
  };
  return context;
}

function subscribe(observable: Observable<unknown>, stage: string, logic: StageLogic, input: number, guard: FailureGuard): Subscription {
  const next = (record: unknown): void => {
    if (guard.failed) return;
    try {
      logic.onRecord(record as StreamRecord<string, unknown>, input);
    } catch (error) {
      guard.fail(error, stage, false);
    }
  };
  if (observable instanceof StageOutput) return new Subscription((observable as StageOutput<string, unknown>).listen(next));
  return observable.subscribe({ next, error: (error: unknown) => guard.fail(error, stage, true) });
}
