import { topics, type Control, type ControlKind, type Topic, type TopicCodec } from '../../schemas/index.js';
import type { Placement } from '../ports.js';

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

/** The part of a control record that says what was decided, and where. `clockMs` is the event time up to which the channel was waited for. */
export function controlOf(
  { phase, channel, position, at }: Decision,
  clockMs: number,
): Pick<Control, 'kind' | 'madeAtMs' | 'channel' | 'position' | 'clockMs' | 'payload'> {
  const payload = { phase, records: at.records, clocks: at.clocks, clockMs: finite(at.clockMs), watermarkMs: finite(at.watermarkMs) };
  return { kind: KINDS[phase], madeAtMs: finite(clockMs) ?? 0, channel, position, clockMs: finite(clockMs), payload: JSON.stringify(payload) };
}

const finite = (ms: number): number | null => (Number.isFinite(ms) ? ms : null);

/**
 * The decisions in the control topic by task, in their order. A task without progress applies its own where they stood, so that state
 * built again from the log is the state that was lived. Read once, when the first task asks.
 */
export class DecisionLog {
  private byTask: Promise<ReadonlyMap<string, readonly Decision[]>> | null = null;

  constructor(
    private readonly placement: Pick<Placement, 'records'>,
    private readonly topic: string,
    private readonly codec: TopicCodec<unknown>,
  ) {}

  /** @throws SFS_LOG_CORRUPT, and what decoding a control record throws */
  async of(task: string): Promise<readonly Decision[]> {
    this.byTask ??= this.read();
    return (await this.byTask).get(task) ?? [];
  }

  private async read(): Promise<ReadonlyMap<string, readonly Decision[]>> {
    const byTask = new Map<string, Decision[]>();
    for await (const control of this.controls()) {
      const decision = decisionOf(control);
      if (decision === null) continue;
      const task = `${control.topology}@${control.topologyVersion}/${control.subtopology}/${control.partition}`;
      const found = byTask.get(task);
      if (found === undefined) byTask.set(task, [decision]);
      else found.push(decision);
    }
    return byTask;
  }

  private async *controls(): AsyncGenerator<Control> {
    for (let partition = 0; partition < CONTROL.partitions; partition++) {
      for await (const { key, value } of this.placement.records(this.topic, partition)) {
        if (value !== null) yield this.codec.decode(key?.toString() ?? '', value) as Control;
      }
    }
  }
}

/** `null` for control records of other kinds. */
function decisionOf({ kind, channel, position, payload }: Control): Decision | null {
  if ((kind !== 'CLOCK_ADVANCE' && kind !== 'END_OF_INPUT') || channel === null || position === null || payload === null) return null;
  const { phase, ...at } = JSON.parse(payload) as { phase: Decision['phase'] } & { [Field in keyof Standing]?: number | null };
  const { records, clocks, clockMs, watermarkMs } = at;
  const standing = { records: records ?? 0, clocks: clocks ?? 0, clockMs: clockMs ?? -Infinity, watermarkMs: watermarkMs ?? -Infinity };
  return { phase, channel, position, at: standing };
}
