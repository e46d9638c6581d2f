import type { EarlyBehaviour, Segments } from '../ports/segments.js';

/** What k-means found: a learner is a point of scaled features, a segment all points that are nearest to its centre. */
export interface Clustering {
  /** By number of the centre. */
  readonly names: readonly string[];
  /** A value is scaled to (value - mean) / scale. */
  readonly features: readonly { readonly name: string; readonly mean: number; readonly scale: number }[];
  /** Scaled, in the order of the features. */
  readonly centroids: readonly (readonly number[])[];
}

/** A feature of a learner, not scaled. */
type Reading = (attributes: Readonly<Record<string, string>>, early: EarlyBehaviour) => number;

const NOTHING_DONE: EarlyBehaviour = { activeDays: 0, events: 0, items: 0, eventsOfKind: new Map(), eventsOfQuarter: [] };

const share = (part: number | undefined, { events }: EarlyBehaviour): number => (part ?? 0) / Math.max(events, 1);

const EARLY: Readonly<Record<string, Reading>> = {
  activeDays: (_, { activeDays }) => activeDays,
  events: (_, { events }) => Math.log1p(events),
  items: (_, { items }) => Math.log1p(items),
};

/** Features by the part of their name before `=`; what stands behind it is the argument. */
const FAMILIES: Readonly<Record<string, (value: string) => Reading>> = {
  'early:kind': (kind) => (_, early) => share(early.eventsOfKind.get(kind), early),
  'early:hours': (quarter) => (_, early) => share(early.eventsOfQuarter[Number(quarter)], early),
};

const ATTRIBUTE = 'attribute:';

function readingOf(feature: string): Reading {
  const at = feature.indexOf('=');
  const [family, value] = [feature.slice(0, at), feature.slice(at + 1)];
  if (feature.startsWith(ATTRIBUTE) && at > 0) {
    const name = family.slice(ATTRIBUTE.length);
    return (attributes) => (attributes[name] === value ? 1 : 0);
  }
  const reading = at < 0 ? EARLY[feature.slice('early:'.length)] : FAMILIES[family]?.(value);
  if (reading === undefined) throw new RangeError(`segments know no feature "${feature}"`);
  return reading;
}

/**
 * Assigns learners to the nearest centre by squared Euclidean distance, the first of several; in what early behaviour tells, who did nothing yet
 * is average. Cost: O(centres × features).
 * @throws RangeError for a feature that it does not know
 * @see Lloyd: Least squares quantization in PCM. IEEE Trans. Information Theory 28, 1982
 */
export function nearestSegment({ names, features, centroids }: Clustering): Segments {
  const read = features.map(({ name, mean, scale }) => ({ reading: readingOf(name), mean, scale, isEarly: !name.startsWith(ATTRIBUTE) }));
  return {
    of: (attributes, early) => {
      const point = read.map(({ reading, mean, scale, isEarly }) =>
        isEarly && early === null ? 0 : (reading(attributes, early ?? NOTHING_DONE) - mean) / scale,
      );
      const distances = centroids.map((centre) => centre.reduce((sum, value, n) => sum + (point[n]! - value) ** 2, 0));
      return names[distances.indexOf(Math.min(...distances))]!;
    },
  };
}
