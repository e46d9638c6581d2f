import { basename } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { complaintsOf, expectationOf, fixturesOf, type Complaint } from './typeFixtures.js';

const refused = fixturesOf('refused');
const accepted = fixturesOf('accepted');
let complaints: ReadonlyMap<string, readonly Complaint[]>;

beforeAll(() => {
  complaints = complaintsOf([...refused, ...accepted]);
}, 60_000);

describe('a topology with a mistake', () => {
  it.each(refused.map((path) => [basename(path, '.ts'), path]))('does not compile, and the message says why: %s', (_, path) => {
    const { line, code, message } = expectationOf(path);
    expect(
      complaints.get(path)!.map((one) => [one.line, one.code]),
      complaints
        .get(path)!
        .map((one) => one.message)
        .join('\n'),
    ).toEqual([[line, code]]);
    expect(complaints.get(path)![0]!.message).toMatch(message);
  });
});

describe('a topology without type annotations', () => {
  it.each(accepted.map((path) => [basename(path, '.ts'), path]))('has exact types from source to sink: %s', (_, path) => {
    expect(complaints.get(path)).toEqual([]);
  });
});
