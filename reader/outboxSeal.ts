/** How an event lies in the file of an outbox: as JSON, or sealed under the key of the file. See ADR 0038. */
import { SkillForgeError, type DiskSeal } from '../schemas/index.js';
import type { ReaderEvent } from './events.js';

/** An event with the time at which it was accepted. */
export interface StoredEvent {
  /** Ms since epoch. */
  readonly atMs: number;
  readonly event: ReaderEvent;
}

/** First byte of what lies in clear. */
const BRACE = 0x7b;
/** Before what is sealed: the time, which tells how long it has waited while nobody can open it. Its first byte is none of {@link BRACE} for some hundred million years. */
const TIME_BYTES = 8;

/** Whether an event lies in clear, as it does in a region without data keys. */
const isClear = (value: Buffer): boolean => value[0] === BRACE;

/** @param number - of its entry: what is sealed opens in no other place. @param seal - `null`: in clear */
export function storedBytes({ atMs, event }: StoredEvent, number: number, seal: DiskSeal | null): Buffer {
  if (seal === null) return Buffer.from(JSON.stringify({ atMs, event } satisfies StoredEvent));
  const time = Buffer.alloc(TIME_BYTES);
  time.writeBigInt64BE(BigInt(Math.round(atMs)));
  return Buffer.concat([time, seal.seal(aboutEvent(number, atMs), Buffer.from(JSON.stringify(event)))]);
}

/** @param number - of its entry. @throws SFS_KEYS_UNAVAILABLE for what is sealed, without its key; SFS_SEAL_BROKEN */
export function storedEvent(value: Buffer, number: number, seal: DiskSeal | null): StoredEvent {
  if (isClear(value)) return JSON.parse(value.toString()) as StoredEvent;
  if (seal === null) throw locked();
  const atMs = storedAtMs(value);
  return { atMs, event: JSON.parse(seal.open(aboutEvent(number, atMs), value.subarray(TIME_BYTES)).toString()) as ReaderEvent };
}

/** When an event was accepted, ms since epoch; nothing is opened for that. */
export const storedAtMs = (value: Buffer): number =>
  isClear(value) ? (JSON.parse(value.toString()) as StoredEvent).atMs : Number(value.readBigInt64BE(0));

const aboutEvent = (number: number, atMs: number): string => `outbox ${number} ${Math.round(atMs)}`;

/** The key of an outbox is not at hand. */
export const locked = (): SkillForgeError =>
  new SkillForgeError('SFS_KEYS_UNAVAILABLE', 'the key of the outbox is not at hand: events can be neither kept nor forwarded', { retriable: true });
