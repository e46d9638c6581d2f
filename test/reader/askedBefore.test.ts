import { expect, it } from 'vitest';
import { AskedBefore } from '../../reader/http/askedBefore.js';

const addresses = (count: number): readonly string[] => Array.from({ length: count }, (_, learner) => `/v1/learners/${learner}/recommendations`);

it('knows what was asked for a moment ago, and nothing else', () => {
  const before = new AskedBefore();
  const [one, other] = addresses(2) as [string, string];
  expect([one, one, other, one, other].map((address) => before.add(address))).toEqual([false, true, false, true, true]);
});

it('forgets what comes again after very many others, however often that happens', () => {
  const before = new AskedBefore();
  const crowd = addresses(100_000);
  for (let round = 0; round < 3; round++) expect(crowd.filter((address) => before.add(address))).toEqual([]);
});

it('comes to know those of a small round, whatever their order', () => {
  const before = new AskedBefore();
  const known = new Set<string>();
  // What is kept is not asked about again.
  for (let round = 0; round < 6; round++) for (const address of addresses(1_000)) if (!known.has(address) && before.add(address)) known.add(address);
  expect(known.size).toBeGreaterThan(950);
});
