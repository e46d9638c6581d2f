import {
  SkillForgeError,
  controlKey,
  errorCodeOf,
  topics,
  type Control,
  type ControlKind,
  type Topic,
  type TopicCodec,
} from '../../schemas/index.js';
import type { Placement } from '../ports.js';
import type { Adoption } from './followedModels.js';
import { clocksOf, type TaskProgress } from './progress.js';

/** The topic that keeps decisions. */
export const CONTROL = topics.control as Topic<string, unknown>;

/** Where a task stood when it decided something: a place in its merge that depends on its input alone. */
export interface Standing {
  /** Records taken so far, markers excluded. */
  readonly records: number;
  /** Clock markers of sources taken so far: they move neither clock nor watermark where another source is behind. */
  readonly clocks: number;
  /** Merge clock of the task, ms. */
  readonly clockMs: number;
  readonly watermarkMs: number;
}

/** What a task decided about a channel that fell silent, spoke again or is at its end: the data do not hold it. */
export interface Decision {
  readonly phase: 'idle' | 'resume' | 'end';
  readonly channel: string;
  /** Offset of the first record of the channel that comes after it. */
  readonly position: number;
  readonly at: Standing;
}

const KINDS: Readonly<Record<Decision['phase'], ControlKind>> = { idle: 'CLOCK_ADVANCE', resume: 'CLOCK_ADVANCE', end: 'END_OF_INPUT' };

/** The task that decides. */
export interface Decider {
  /** `topology@version/subtopology/partition`. */
  readonly name: string;
  readonly topology: string;
  readonly version: number;
  readonly subtopology: number;
  readonly partition: number;
  readonly region: string;
}

/** The control record that says what was decided, and where. `clockMs` is the event time up to which the channel was waited for. */
export function controlOf(by: Decider, { phase, channel, position, at }: Decision, clockMs: number): Control {
  const { name, topology, version: topologyVersion, subtopology, partition, region } = by;
  const id = controlKey(`${name} ${channel} ${position} ${phase}`);
  const payload = JSON.stringify({ phase, ...at, clockMs: finite(at.clockMs), watermarkMs: finite(at.watermarkMs) });
  const decided = { kind: KINDS[phase], madeAtMs: finite(clockMs) ?? 0, channel, position, clockMs: finite(clockMs), payload };
  return { id, region, topology, topologyVersion, subtopology, partition, ...decided };
}

/** The control record that says which model and experiments a task turned to. @param count - number of the adoption among those of the task, from 1 */
export function adoptionControlOf(by: Decider, { model, experiments, oversight, fromMs }: Adoption, count: number, at: Standing): Control {
  const { name, topology, version: topologyVersion, subtopology, partition, region } = by;
  const id = controlKey(`${name} model ${count}`);
  const standing = { count, ...at, clockMs: finite(at.clockMs), watermarkMs: finite(at.watermarkMs) };
  const payload = JSON.stringify({ model, experiments, oversight, fromMs: finite(fromMs), ...standing });
  const decided = { kind: 'MODEL' as const, madeAtMs: finite(at.clockMs) ?? 0, channel: null, position: null, clockMs: null, payload };
  return { id, region, topology, topologyVersion, subtopology, partition, ...decided };
}

/** Where a task stands. */
export function standingOf(progress: TaskProgress): Standing {
  const { clockMs, watermarkMs, counters } = progress;
  return { records: counters.records, clocks: clocksOf(progress), clockMs, watermarkMs };
}

const finite = (ms: number): number | null => (Number.isFinite(ms) ? ms : null);

/** Decisions of one version's tasks that those of another apply where they stood. */
export interface InheritedDecisions {
  /** `name@version` whose decisions they were. */
  readonly from: string;
  /** `name@version` that applies them. */
  readonly to: string;
  readonly subtopologies: ReadonlySet<number>;
  /** Those about silent sources, too: not where other records are read. Models follow event time alone. */
  readonly areSilencesSame: boolean;
  /** Offset in the control topic: later ones are not inherited, so that they stay the same however often this is read. */
  readonly until: number;
}

/** What one task decided, in its order. */
export interface TaskDecisions {
  /** About silent sources. */
  readonly silences: readonly Decision[];
  /** Models that it turned to. */
  readonly adoptions: readonly Adoption[];
}

interface Found {
  readonly silences: Decision[];
  readonly adoptions: Adoption[];
}

const NOTHING: TaskDecisions = { silences: [], adoptions: [] };

/**
 * The decisions in the control topic by task, in their order. A task without progress applies its own where they stood, so that state
 * built again from the log is the state that was lived. Read once, when the first task asks.
 */
export class DecisionLog {
  private byTask: Promise<ReadonlyMap<string, TaskDecisions>> | null = null;

  constructor(
    private readonly placement: Pick<Placement, 'records' | 'refused'>,
    private readonly topic: string,
    private readonly codec: TopicCodec<unknown>,
    private readonly inherited: InheritedDecisions | null = null,
  ) {}

  /** @throws SFS_LOG_CORRUPT, and what decoding a control record throws */
  async of(task: string): Promise<TaskDecisions> {
    this.byTask ??= this.read();
    return (await this.byTask).get(task) ?? NOTHING;
  }

  /** What was decided since is to be known, too: the next task that asks has the log read again. */
  forget(): void {
    this.byTask = null;
  }

  private async read(): Promise<ReadonlyMap<string, TaskDecisions>> {
    const byTask = new Map<string, Found>();
    const found = (control: Control, owner: string): Found => {
      const task = `${owner}/${control.subtopology}/${control.partition}`;
      const known = byTask.get(task) ?? { silences: [], adoptions: [] };
      byTask.set(task, known);
      return known;
    };
    for await (const { control, offset, decision, adoption } of this.controls()) {
      const owner = this.ownerOf(control, offset);
      if (decision !== null && (owner === idOf(control) || this.inherited!.areSilencesSame)) found(control, owner).silences.push(decision);
      if (adoption !== null) found(control, owner).adoptions.push(adoption.adoption);
    }
    return byTask;
  }

  /** `name@version` that applies a decision; the live version's are of no use here. */
  private ownerOf(control: Control, offset: number): string {
    const id = idOf(control);
    const { subtopology } = control;
    const { inherited } = this;
    const inherits = inherited?.from === id && offset < inherited.until && subtopology !== null && inherited.subtopologies.has(subtopology);
    return inherits ? inherited.to : id;
  }

  private async *controls(): AsyncGenerator<ReadControl & { readonly offset: number }> {
    for (let partition = 0; partition < CONTROL.partitions; partition++) {
      for await (const { key, value, offset } of this.placement.records(this.topic, partition)) {
        const read = value === null ? null : this.own(key?.toString() ?? '', value);
        if (read !== null) yield { ...read, offset };
      }
    }
  }

  /** What another region decided, and what says nothing that can be read, is nothing for tasks of this one: it is passed over, and told of. */
  private own(key: string, value: Buffer): ReadControl | null {
    try {
      const control = this.codec.decode(key, value) as Control;
      return { control, decision: decisionOf(control), adoption: adoptionIn(control) };
    } catch (error) {
      const code = errorCodeOf(error);
      if (!PASSED_OVER.has(code)) throw error;
      this.placement.refused?.(this.topic, code);
      return null;
    }
  }
}

/** A control record with what it says, where it is one of these. */
interface ReadControl {
  readonly control: Control;
  readonly decision: Decision | null;
  readonly adoption: AdoptionRecord | null;
}

const PASSED_OVER: ReadonlySet<string> = new Set(['SFS_REGION_MISMATCH', 'SFS_CONTROL_INVALID']);

/** A task turned to a model. */
export interface AdoptionRecord {
  readonly adoption: Adoption;
  /** Number among those of the task, from 1. */
  readonly count: number;
}

interface LoggedAdoption extends Omit<Adoption, 'fromMs'> {
  readonly fromMs: number | null;
  readonly count: number;
}

/** `null` for control records of other kinds. @throws SFS_CONTROL_INVALID */
export function adoptionIn({ kind, payload }: Control): AdoptionRecord | null {
  if (kind !== 'MODEL' || payload === null) return null;
  const { model, experiments, oversight, fromMs, count } = payloadOf<LoggedAdoption>(payload, isAdoption);
  const under = { ...(experiments === undefined ? {} : { experiments }), ...(oversight === undefined ? {} : { oversight }) };
  return { adoption: { model, ...under, fromMs: fromMs ?? -Infinity }, count };
}

const idOf = ({ topology, topologyVersion }: Control): string => `${topology}@${topologyVersion}`;

type LoggedDecision = { readonly phase: Decision['phase'] } & { readonly [Field in keyof Standing]?: number | null };
type Json = Readonly<Record<string, unknown>>;

const isPhase = (value: unknown): boolean => typeof value === 'string' && Object.hasOwn(KINDS, value);
const isNumberOrNot = (value: unknown): boolean => value === null || value === undefined || typeof value === 'number';
const isTextOrNot = (value: unknown): boolean => value === null || value === undefined || typeof value === 'string';

function isAdoption({ model, experiments, oversight, fromMs, count }: Json): boolean {
  const { number, digest } = (model ?? { number: '', digest: '' }) as Json;
  const isModel = typeof number === 'string' && typeof digest === 'string';
  return isModel && [experiments, oversight].every(isTextOrNot) && isNumberOrNot(fromMs) && Number.isSafeInteger(count);
}

/** The payload of a control record. @throws SFS_CONTROL_INVALID for what is no JSON object, or not one of this kind */
function payloadOf<T>(payload: string, isFine: (value: Json) => boolean): T {
  let value: unknown = null;
  try {
    value = JSON.parse(payload);
  } catch {
    // Falls through to the error below.
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && isFine(value as Json)) return value as T;
  throw new SkillForgeError('SFS_CONTROL_INVALID', 'the payload of a control record says nothing that a task could have decided');
}

/** `null` for control records of other kinds. @throws SFS_CONTROL_INVALID */
function decisionOf({ kind, channel, position, payload }: Control): Decision | null {
  if ((kind !== 'CLOCK_ADVANCE' && kind !== 'END_OF_INPUT') || channel === null || position === null || payload === null) return null;
  const { phase, ...at } = payloadOf<LoggedDecision>(
    payload,
    ({ phase: said, ...rest }) => isPhase(said) && Object.values(rest).every(isNumberOrNot),
  );
  const { records, clocks, clockMs, watermarkMs } = at;
  const standing = { records: records ?? 0, clocks: clocks ?? 0, clockMs: clockMs ?? -Infinity, watermarkMs: watermarkMs ?? -Infinity };
  return { phase, channel, position, at: standing };
}
