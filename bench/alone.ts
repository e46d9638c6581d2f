/**
 * A topology's stages without the engine: rows and timers in maps, no codec, no undo, no commit. What is left is the cost of the
 * operators' own code. Records come in ascending time, so the watermark is the time of the record.
 */
import type { KeyedState, StageContext, StoreSpec } from '../operators/ports/stage.js';
import type { StageNode, Wiring } from '../operators/builder.js';
import type { StreamRecord } from '../operators/record.js';
import type { Topology } from '../operators/topology.js';
import { earlier, popHeap, pushHeap } from '../runtime/engine/heap.js';

type Entry = readonly [key: string, tag: string];

/** Timers of one stage by time. */
class StageTimers {
  readonly times: number[] = [];
  private readonly entries = new Map<number, Map<string, Entry>>();

  set(key: string, timeMs: number, tag = ''): void {
    let due = this.entries.get(timeMs);
    if (due === undefined) {
      this.entries.set(timeMs, (due = new Map<string, Entry>()));
      pushHeap(this.times, timeMs, earlier);
    }
    due.set(tag === '' ? key : `${key}\0${tag}`, [key, tag]);
  }

  delete(key: string, timeMs: number, tag = ''): void {
    this.entries.get(timeMs)?.delete(tag === '' ? key : `${key}\0${tag}`);
  }

  /** Takes the timers of the least time. */
  take(): Iterable<Entry> {
    const timeMs = this.times[0]!;
    popHeap(this.times, earlier);
    const due = this.entries.get(timeMs)!;
    this.entries.delete(timeMs);
    return due.values();
  }
}

/** The stages of the topology's first subtopology, wired. */
export class AloneStages {
  private readonly wiring: Wiring;
  private readonly timers = new Map<string, StageTimers>();
  private watermarkMs = -Infinity;

  constructor(topology: Topology) {
    const builder = topology.build();
    const fail = (error: unknown): never => {
      throw error;
    };
    this.wiring = builder.connect(new Set(builder.stages.map((stage) => stage.id)), (stage) => this.contextOf(stage), { failed: false, fail });
  }

  /** Processes a record of a source; first what its time makes due. */
  push(source: string, record: StreamRecord<string, unknown>): void {
    if (record.timestamp > this.watermarkMs) this.advance(record.timestamp);
    this.wiring.logics.get(source)!.onRecord(record, 0);
    this.wiring.push(source, record);
  }

  /** Lets everything close. */
  end(): void {
    this.advance(Number.MAX_SAFE_INTEGER);
  }

  private advance(toMs: number): void {
    for (const [stage, timers] of this.timers) {
      while (timers.times.length > 0 && timers.times[0]! <= toMs) {
        this.watermarkMs = timers.times[0]!;
        for (const [key, tag] of timers.take()) this.wiring.logics.get(stage)!.onTimer!(key, this.watermarkMs, tag);
      }
    }
    this.watermarkMs = toMs;
  }

  private contextOf({ id }: StageNode): StageContext {
    const timers = new StageTimers();
    this.timers.set(id, timers);
    const watermarkMs = (): number => this.watermarkMs;
    return {
      get watermarkMs() {
        return watermarkMs();
      },
      get sourceWatermarkMs() {
        return watermarkMs();
      },
      get streamTimeMs() {
        return watermarkMs();
      },
      origin: { topic: 'events', partition: 0, offset: 0 },
      source: null,
      causedBy: () => undefined,
      muted: false,
      state: <S>(store: StoreSpec<S>): KeyedState<S> => this.rowsOf<S>(store.name),
      timers,
      emit: () => undefined,
      send: () => undefined,
      deadLetter: (code, reason) => {
        throw new Error(`${code}: ${reason}`);
      },
      count: () => undefined,
    };
  }

  private readonly stores = new Map<string, Map<string, unknown>>();

  private rowsOf<S>(store: string): KeyedState<S> {
    let found = this.stores.get(store) as Map<string, S> | undefined;
    if (found === undefined) this.stores.set(store, (found = new Map<string, S>()));
    const rows = found;
    return { get: (key) => rows.get(key), put: (key, row) => void rows.set(key, row), delete: (key) => void rows.delete(key) };
  }
}
