import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SCALAR_TYPES, type FeatureType, type FeatureValue, type ScalarType } from '../../../operators/featureViews/featureView.js';
import { decodeTimestamp, encodeTimestamp } from '../../../runtime/feast/timestamp.js';
import { decodeValue, encodeValue } from '../../../runtime/feast/value.js';

const LEAST_LONG = -(2n ** 63n);

const hexOf = (type: FeatureType, value: FeatureValue): string => encodeValue(type, value).toString('hex');

/** Whole numbers of 64 bits as they are read: numbers where these are exact. */
const long = fc.bigInt({ min: LEAST_LONG, max: 2n ** 63n - 1n }).map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));

const SCALARS: Readonly<Record<ScalarType, fc.Arbitrary<Exclude<FeatureValue, null>>>> = {
  BYTES: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  STRING: fc.string({ unit: 'binary' }),
  INT32: fc.integer(),
  INT64: long,
  DOUBLE: fc.double(),
  FLOAT: fc.float(),
  BOOL: fc.boolean(),
  UNIX_TIMESTAMP: long.filter((seconds) => seconds !== LEAST_LONG),
};

describe('a value as Feast stores it', () => {
  it.each<[FeatureType, FeatureValue, string]>([
    ['INT64', 7, '2007'],
    ['INT64', 0, '2000'],
    ['INT64', -1, '20ffffffffffffffffff01'],
    ['INT64', LEAST_LONG, '2080808080808080808001'],
    ['INT32', -1, '18ffffffffffffffffff01'],
    ['BOOL', true, '3801'],
    ['BOOL', false, '3800'],
    ['STRING', '', '1200'],
    ['STRING', 'ü', '1202c3bc'],
    ['BYTES', Buffer.from([0, 255]), '0a0200ff'],
    ['DOUBLE', 1.5, '29000000000000f83f'],
    ['FLOAT', 1.5, '350000c03f'],
    ['UNIX_TIMESTAMP', 300, '40ac02'],
    ['INT64_LIST', [1, 300], '72050a0301ac02'],
    ['STRING_LIST', ['a', ''], '62050a01610a00'],
    ['BOOL_LIST', [true, false], '8a01040a020100'],
    ['UNIX_TIMESTAMP_LIST', [1], '9201030a0101'],
    ['INT64_LIST', [], '7200'],
    ['INT64', null, ''],
    ['STRING_LIST', null, ''],
  ])('%s %s', (type, value, hex) => {
    expect(hexOf(type, value)).toBe(hex);
    expect(decodeValue(Buffer.from(hex, 'hex'))).toEqual({ type: value === null ? null : type, value });
  });

  it.each(SCALAR_TYPES)('comes back, alone and in lists: %s', (type) => {
    fc.assert(
      fc.property(SCALARS[type], (value) => {
        expect(decodeValue(encodeValue(type, value))).toEqual({ type, value });
      }),
    );
    fc.assert(
      fc.property(fc.array(SCALARS[type]), (values) => {
        const list = values as Exclude<FeatureValue, null> as FeatureValue;
        expect(decodeValue(encodeValue(`${type}_LIST`, list))).toEqual({ type: `${type}_LIST`, value: list });
      }),
    );
  });

  it('may be a list that is not packed, and the null of the message', () => {
    expect(decodeValue(Buffer.from('7205080108ac02', 'hex'))).toEqual({ type: 'INT64_LIST', value: [1, 300] });
    expect(decodeValue(Buffer.from('980100', 'hex'))).toEqual({ type: null, value: null });
    // What Feast writes for an instant that is empty.
    expect(decodeValue(Buffer.from('4080808080808080808001', 'hex'))).toEqual({ type: null, value: null });
  });

  it.each<[FeatureType, unknown]>([
    ['INT32', 2 ** 31],
    ['INT32', 1.5],
    ['INT64', 2 ** 53],
    ['INT64', 2n ** 63n],
    ['INT64', '1'],
    ['UNIX_TIMESTAMP', LEAST_LONG],
    ['STRING', 1],
    ['BOOL', 1],
    ['DOUBLE', 1n],
    ['BYTES', 'text'],
    ['STRING_LIST', 'a'],
    ['STRING_LIST', ['a', null]],
    ['INT64', [1]],
  ])('is refused where it is none of %s: %o', (type, value) => {
    expect(() => encodeValue(type, value as FeatureValue)).toThrow(expect.objectContaining({ code: 'SFS_FEATURE_VALUE' }));
  });

  it.each(['20', '12056162', 'a2010a', '7a0107', 'ff', '20ffffffffffffffffffff01'])('is refused where the bytes are none: %s', (hex) => {
    expect(() => decodeValue(Buffer.from(hex, 'hex'))).toThrow(expect.objectContaining({ code: 'SFS_FEATURE_BYTES' }));
  });
});

describe('an instant as Feast stores it', () => {
  it('counts seconds, and the rest in nanoseconds', () => {
    expect(encodeTimestamp(300_000).toString('hex')).toBe('08ac02');
    expect(encodeTimestamp(300_001).toString('hex')).toBe('08ac0210c0843d');
    expect(encodeTimestamp(0)).toHaveLength(0);
    fc.assert(
      fc.property(fc.maxSafeNat(), (atMs) => {
        expect(decodeTimestamp(encodeTimestamp(atMs))).toBe(atMs);
      }),
    );
  });
});
