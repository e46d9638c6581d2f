/** A view with a feature of each type, and rows of it. */
import { SCALAR_TYPES, featureView, type FeatureType, type FeatureValue } from '../../../operators/featureViews/index.js';

const TYPES: readonly FeatureType[] = SCALAR_TYPES.flatMap((type): FeatureType[] => [type, `${type}_LIST`]);

/** A feature of each type, named by it in lower case. */
export const everyType = featureView({
  name: 'every_type',
  description: 'a feature of each type',
  entities: ['learner'],
  ttlMs: 3_600_000,
  features: TYPES.map((type) => ({ name: `a_${type.toLowerCase()}`, type, description: '' })),
});

/** A view about two things at once, as a batch job makes it. */
export const pairs = featureView({
  name: 'pairs',
  description: 'about two things',
  entities: ['item', 'cohort'],
  ttlMs: null,
  features: [
    { name: 'share', type: 'DOUBLE', description: '' },
    { name: 'count', type: 'INT64', description: '' },
  ],
});

const SECOND = 1_700_000_000;

const ALL: Readonly<Record<(typeof SCALAR_TYPES)[number], readonly Exclude<FeatureValue, null>[]>> = {
  BYTES: [Buffer.from([1, 2, 255]), Buffer.from([0])],
  STRING: ['é ü नमस्ते 🎓', 'b'],
  INT32: [-(2 ** 31), 7],
  INT64: [2 ** 53 - 1, -7],
  DOUBLE: [0.1, -1e300],
  FLOAT: [1.5, -0.25],
  BOOL: [true, false],
  UNIX_TIMESTAMP: [SECOND, SECOND + 1],
};

/** A value for each feature: some, or none to speak of. */
export const valuesOfEveryType = {
  full: SCALAR_TYPES.flatMap((type): FeatureValue[] => [ALL[type][0]!, [...ALL[type]] as unknown as FeatureValue]),
  zero: SCALAR_TYPES.flatMap((type): FeatureValue[] => [zeroOf(type), []]),
  empty: TYPES.map(() => null),
} as const;

function zeroOf(type: (typeof SCALAR_TYPES)[number]): FeatureValue {
  if (type === 'STRING') return '';
  if (type === 'BYTES') return Buffer.alloc(0);
  return type === 'BOOL' ? false : 0;
}

/** Values by the name of their feature. */
export const namedValues = (values: readonly FeatureValue[]): Record<string, FeatureValue> =>
  Object.fromEntries(everyType.features.map(({ name }, n) => [name, values[n]!]));
