/** `google.protobuf.Timestamp`: whole seconds since epoch, and nanoseconds. */
import { FieldReader, WIRE, field, varint } from './protobuf.js';

const SECOND_MS = 1000;
const MS_NANOS = 1_000_000;
const SECONDS = 1;
const NANOS = 2;

/** Bytes of an instant, ms since epoch, from 1970 on. */
export function encodeTimestamp(atMs: number): Buffer {
  const seconds = Math.floor(atMs / SECOND_MS);
  const nanos = (atMs - seconds * SECOND_MS) * MS_NANOS;
  const parts = [
    ...(seconds === 0 ? [] : [field(SECONDS, WIRE.varint, varint(seconds))]),
    ...(nanos === 0 ? [] : [field(NANOS, WIRE.varint, varint(nanos))]),
  ];
  return Buffer.concat(parts);
}

/** The instant, ms since epoch; what is finer is left out. @throws SFS_FEATURE_BYTES */
export function decodeTimestamp(bytes: Buffer): number {
  const reader = new FieldReader(bytes);
  let [seconds, nanos] = [0, 0];
  while (!reader.isDone) {
    const { number, whole } = reader.next();
    if (number === SECONDS) seconds = Number(BigInt.asIntN(64, whole));
    if (number === NANOS) nanos = Number(BigInt.asIntN(32, whole));
  }
  return seconds * SECOND_MS + Math.floor(nanos / MS_NANOS);
}
