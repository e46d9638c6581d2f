/** Records that cannot be used, of twelve kinds, with what becomes of each. */
import type { OutputRecord } from '../../../runtime/ports.js';
import type { TopicCodec } from '../../../schemas/index.js';
import type { Press, Telling } from './topologies.js';

export interface Codecs {
  readonly press: TopicCodec<Press>;
  readonly telling: TopicCodec<Telling>;
}

type Bytes = Pick<OutputRecord, 'key' | 'value'>;
type Poison = (good: Press, codecs: Codecs) => Bytes;

/** Nearly all that a topic takes: its dead letter is larger than that. */
const OVERSIZED_BYTES = 1_048_000;
const YEAR_MS = 365 * 86_400_000;

const keyOf = ({ learner }: Press): Buffer => Buffer.from(learner);
/** A value that is changed after it was encoded. */
const altered =
  (alter: (value: Buffer) => Buffer): Poison =>
  (good, { press }) => ({ key: keyOf(good), value: alter(press.encode(good.learner, good)) });
const withPress =
  (change: Partial<Press>): Poison =>
  (good, { press }) => ({ key: keyOf(good), value: press.encode(good.learner, { ...good, ...change }) });

/** By name: how it is made, and the code of its dead letter; `null` for what is taken all the same. */
export const POISONS: Readonly<Record<string, { readonly make: Poison; readonly code: string | null }>> = {
  truncated: { make: altered((value) => value.subarray(0, value.length - 2)), code: 'SFS_DECODE_FAILED' },
  'wrong magic byte': { make: altered((value) => Buffer.concat([Buffer.from([0xff]), value.subarray(1)])), code: 'SFS_WIRE_FORMAT' },
  'unknown schema id': {
    make: altered((value) => Buffer.concat([Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]), value.subarray(5)])),
    code: 'SFS_SCHEMA_UNKNOWN',
  },
  'another schema': {
    make: (good, { telling }) => ({ key: keyOf(good), value: telling.encode(good.learner, { key: good.learner, count: 1, sum: 1 }) }),
    code: 'SFS_SCHEMA_INCOMPATIBLE',
  },
  'null key': { make: (good, codecs) => ({ ...withPress({})(good, codecs), key: null }), code: 'SFS_KEY_NULL' },
  'null value': { make: (good) => ({ key: keyOf(good), value: null }), code: 'SFS_VALUE_NULL' },
  oversized: { make: (good) => ({ key: keyOf(good), value: Buffer.alloc(OVERSIZED_BYTES, 0xee) }), code: 'SFS_WIRE_FORMAT' },
  'future timestamp': { make: (good, codecs) => withPress({ atMs: good.atMs + YEAR_MS })(good, codecs), code: 'SFS_EVENT_TIME_AHEAD' },
  // Before 1970, and no error: it counts, and moves no clock.
  'negative timestamp': { make: withPress({ atMs: -5 }), code: null },
  'invalid enum': { make: altered((value) => Buffer.concat([value.subarray(0, -1), Buffer.from([0x7e])])), code: 'SFS_DECODE_FAILED' },
  'not Avro': { make: (good) => ({ key: keyOf(good), value: Buffer.from(JSON.stringify(good)) }), code: 'SFS_WIRE_FORMAT' },
  'key and body disagree': {
    make: (good, codecs) => ({ ...withPress({})(good, codecs), key: Buffer.from('somebody-else') }),
    code: 'SFS_KEY_MISMATCH',
  },
};

export const POISON_NAMES = Object.keys(POISONS);

const PREFIX = 'poison:';

/** A header that no engine wrote: it tells the checker what the record is. */
export const poisonHeader = (name: string): Buffer => Buffer.from(PREFIX + name);

/** The kind of poison that a record of the input is; `null` for a good one. */
export function poisonOf(header: Buffer | null): string | null {
  const text = header?.toString() ?? '';
  return text.startsWith(PREFIX) ? text.slice(PREFIX.length) : null;
}
