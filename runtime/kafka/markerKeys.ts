/**
 * Kafka refuses records without a key on a compacted topic, and the engine's markers have none. They are written under a key that no
 * record of a topology can have, one per producer, so that compaction keeps the last one of each, and come back without it.
 */
import { SkillForgeError } from '../../schemas/index.js';
import type { OutputRecord } from '../ports.js';

/** A NUL first: keys are text of key fields, which have none. */
const PREFIX = Buffer.from('\0skillforge-marker:');
const NO_BYTES = Buffer.alloc(0);

/** Key, value and header of a record. */
export interface RecordParts {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly header: Buffer | null;
}

const isReserved = (key: Buffer): boolean => key.length >= PREFIX.length && key.subarray(0, PREFIX.length).equals(PREFIX);

/** What is written for a record: itself, or a marker under its key. @throws SFS_KEY_INVALID for a key that would be taken for a marker's */
export function writtenParts(record: OutputRecord, markerIdOf: (header: Buffer) => string | null): RecordParts {
  const { key, value, header } = record;
  const id = key === null && value === null && header !== null ? markerIdOf(header) : null;
  if (id !== null) return { key: Buffer.concat([PREFIX, Buffer.from(id)]), value: NO_BYTES, header };
  if (key !== null && isReserved(key)) {
    throw new SkillForgeError('SFS_KEY_INVALID', `a record for ${record.topic} has a key that begins with ${JSON.stringify(PREFIX.toString())}`, {
      context: { topic: record.topic, partition: record.partition },
    });
  }
  return record;
}

/** What was meant by a record as it lies in Kafka. */
export function readParts(key: Buffer | null, value: Buffer | null, header: Buffer | null): RecordParts {
  const isMarker = key !== null && header !== null && value?.length === 0 && isReserved(key);
  return isMarker ? { key: null, value: null, header } : { key, value, header };
}
