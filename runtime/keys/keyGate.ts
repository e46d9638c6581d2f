/** Seals and opens what a cluster writes and reads: keys are fetched for many records at once, before any of them is handed on. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  LocalSchemaIds,
  Sealing,
  SkillForgeError,
  errorCodeOf,
  isWhole,
  keyIdOfWhole,
  type DataKey,
  type KeyRing,
  type SchemaIds,
  type WantedKeys,
} from '../../schemas/index.js';
import type { LogRecord, OutputRecord, StateWrite, TaskCommit } from '../ports.js';
import { openedWith } from './openedRecord.js';
import { Refusal } from './refusal.js';

/** What a gate goes by. */
export interface KeyGateOptions {
  readonly ring: KeyRing;
  /** Where ids of schemas come from (those of this package). */
  readonly ids?: SchemaIds | undefined;
  /** The document that keeps the schema of a topic. */
  readonly schemaDocument: (physicalName: string) => Buffer | null;
  readonly clock?: () => number;
}

/** Between two tries to fetch keys, ms. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
/** How often keys are asked for where some have gone from the cache meanwhile. */
const TRIES = 5;
/** Records whose keys are fetched together. */
const PIECE = 1_000;

/** The gate of one region in one process. */
export class KeyGate {
  private readonly sealing: Sealing;
  private readonly ring: KeyRing;
  /** `null` where the ring refuses nobody. */
  private readonly refusal: Refusal | null;

  constructor({ ring, ids, schemaDocument, clock }: KeyGateOptions) {
    this.ring = ring;
    this.sealing = new Sealing({ ring, ids: ids ?? LocalSchemaIds.withAccepted(), schemaDocument, ...(clock && { clock }) });
    this.refusal = ring.refusals === undefined ? null : new Refusal(ring.refusals, this.sealing);
  }

  /** Resolves when this process goes by the list of refused owners; from then on it counts as one that writes. @throws SFS_KEYS_UNAVAILABLE */
  async watch(): Promise<void> {
    await this.ring.refusals?.current();
  }

  /**
   * Writes records, sealed, and without those of refused owners. @throws SFS_KEYS_UNAVAILABLE: nothing was written, try again; and what `send` throws
   */
  async write<T>(records: readonly OutputRecord[], send: (sealed: readonly OutputRecord[]) => Promise<T>): Promise<T> {
    return this.during(async () => send(await this.records(this.refusal?.records(records) ?? records)));
  }

  /** Writes what a step of a task changes, sealed, and without what is of refused owners: rows and timers of theirs are deleted. @throws as {@link write} */
  async commit(commit: TaskCommit, send: (sealed: TaskCommit) => Promise<void>): Promise<void> {
    const { refusal } = this;
    return this.during(async () => {
      const outputs = await this.records(refusal?.records(commit.outputs) ?? commit.outputs);
      const state = await this.rows(refusal?.rows(commit.state) ?? commit.state);
      return send({ ...commit, outputs, state, queue: refusal?.timers(commit.queue) ?? commit.queue });
    });
  }

  /** What a task reads: of a refused owner as a record that nobody can read. */
  input(topic: string, record: LogRecord): LogRecord {
    return this.refusal?.input(topic, record) ?? record;
  }

  private async during<T>(work: () => Promise<T>): Promise<T> {
    const { refusals } = this.ring;
    if (refusals === undefined) return work();
    // Before, not within: a look waits for what is being written.
    await refusals.current();
    return refusals.during(work);
  }

  /** The record, with the key that opens it; `null` where that has to be fetched first. */
  ready(topic: string, record: LogRecord): LogRecord | null {
    const id = this.keyIdOf(record);
    if (id === null) return record;
    try {
      const key = this.ring.opening(id);
      return openedWith(topic, record, this.sealing, { opening: () => key });
    } catch (error) {
      if (errorCodeOf(error) === 'SFS_KEYS_UNAVAILABLE') return null;
      return openedWith(topic, record, this.sealing, failing(error));
    }
  }

  /** Resolves when the keys of these records are at hand; asks for as long as nobody answers. @param isOver - whether nobody waits for them any more */
  async fetch(records: readonly LogRecord[], isOver: () => boolean = () => false): Promise<void> {
    const opening = records.slice(0, PIECE).flatMap((record) => this.keyIdOf(record) ?? []);
    for (let pauseMs = FIRST_PAUSE_MS; !isOver(); pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await this.ring.prepare({ opening });
      } catch (error) {
        if (errorCodeOf(error) !== 'SFS_KEYS_UNAVAILABLE') throw error;
        await sleep(pauseMs, undefined, { ref: false });
      }
    }
  }

  /** Records as they were written, in their order; keys are fetched for many of them. */
  async opened(topic: string, records: readonly LogRecord[]): Promise<LogRecord[]> {
    const opened: LogRecord[] = [];
    while (opened.length < records.length) {
      const ready = this.ready(topic, records[opened.length]!);
      if (ready === null) await this.fetch(records.slice(opened.length, opened.length + PIECE));
      else opened.push(ready);
    }
    return opened;
  }

  private async records(records: readonly OutputRecord[]): Promise<OutputRecord[]> {
    if (this.ring.isThere !== undefined && !(await this.ring.isThere())) return [...records];
    const sealed: OutputRecord[] = [];
    for (let at = 0; at < records.length; at += PIECE) {
      const piece = records.slice(at, at + PIECE);
      const values = await this.withKeys(this.sealing.wanted(piece), () => piece.map((record) => this.sealing.sealRecord(record)));
      for (const [nth, value] of values.entries()) sealed.push(value === piece[nth]!.value ? piece[nth]! : { ...piece[nth]!, value });
    }
    return sealed;
  }

  /** @throws SFS_KEYS_UNAVAILABLE */
  async rows(rows: readonly StateWrite[]): Promise<StateWrite[]> {
    const sealed: StateWrite[] = [];
    for (let at = 0; at < rows.length; at += PIECE) {
      const piece = rows.slice(at, at + PIECE);
      const values = await this.withKeys(this.sealing.wanted([], piece), () => piece.map((row) => this.sealing.sealRow(row)));
      for (const [nth, value] of values.entries()) sealed.push({ ...piece[nth]!, value });
    }
    return sealed;
  }

  /** The bytes of rows; `null` where there is none, or its key was deleted. @throws SFS_KEYS_UNAVAILABLE, SFS_SEAL_BROKEN, SFS_KEY_UNKNOWN */
  async openedRows(rows: readonly { readonly store: string; readonly key: string; readonly value: Buffer | null }[]): Promise<(Buffer | null)[]> {
    const opened: (Buffer | null)[] = [];
    for (let at = 0; at < rows.length; at += PIECE) {
      const piece = rows.slice(at, at + PIECE);
      const opening = piece.flatMap(({ value }) => (value !== null && isWhole(value) ? [keyIdOfWhole(value)] : []));
      const open = (): (Buffer | null)[] => piece.map((row) => this.sealing.openRow(row));
      opened.push(...(opening.length > 0 ? await this.withKeys({ opening }, open) : open()));
    }
    return opened;
  }

  /** What was at hand when the other keys were asked for may not be any more when they have come: then all are asked for again. */
  private async withKeys<T>(wanted: WantedKeys, work: () => T): Promise<T> {
    for (let left = TRIES; ; left--) {
      await this.ring.prepare(wanted);
      try {
        return work();
      } catch (error) {
        if (left === 1 || errorCodeOf(error) !== 'SFS_KEYS_UNAVAILABLE') throw error;
      }
    }
  }

  private keyIdOf({ value }: LogRecord): string | null {
    try {
      return value === null ? null : this.sealing.keyIdOf(value);
    } catch {
      // What only looks sealed is told when it is opened.
      return 'none';
    }
  }
}

function failing(error: unknown): { opening(id: string): DataKey } {
  return {
    opening: () => {
      throw error instanceof SkillForgeError ? error : new Error(String(error));
    },
  };
}
