/** The text of a new topology and of its test. */

/** Where the files of a new topology import from. */
export interface TemplateImports {
  /** The topology language, as the topology's file sees it. */
  readonly language: string;
  readonly schemas: string;
  /** As the test's file sees them. */
  readonly testing: string;
  readonly testSchemas: string;
  /** Module of the function `test`. */
  readonly test: string;
}

/** Within a checkout of this project: relative paths, because the package is not installed in itself. */
export const CHECKOUT_IMPORTS: TemplateImports = {
  language: '../operators/index.js',
  schemas: '../schemas/index.js',
  testing: '../../runtime/testing/index.js',
  testSchemas: '../../schemas/index.js',
  test: 'vitest',
};

/** In a project that has the package installed. */
export const PACKAGE_IMPORTS: TemplateImports = {
  language: 'skillforge-streams',
  schemas: 'skillforge-streams/schemas',
  testing: 'skillforge-streams/testing',
  testSchemas: 'skillforge-streams/schemas',
  test: 'node:test',
};

/** A topology that counts the clicks of each learner by day, into a topic of its own. */
export function topologyText(name: string, { language, schemas }: TemplateImports): string {
  return `import { map } from 'rxjs';
import { count, days, hours, sum, to, topology, tumbling, withValue } from '${language}';
import { schema, topic, topics, type LearnerId } from '${schemas}';

/** What this topology writes: one record per learner and day. */
export const learnerDays = topic({
  name: '${name}',
  keyFields: ['learner'],
  partitions: 12,
  derived: true,
  schema: schema.record({
    learner: schema.branded<LearnerId>(),
    dayStartMs: schema.long,
    events: schema.long,
    clicks: schema.long,
  }),
});

export default topology('${name}', { version: 1, description: 'clicks of each learner by day' }, ({ source }) => {
  source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs, latenessMs: hours(1) }).pipe(
    tumbling('by-day', { sizeMs: days(1), late: 'dead-letter' }, { events: count(), clicks: sum((click) => click.personal.clicks) }),
    map((record) => {
      const { window, value } = record.value;
      return withValue(record, { learner: record.key, dayStartMs: window.startMs, events: value.events, clicks: value.clicks });
    }),
    to(learnerDays),
  );
});
`;
}

/** A test of {@link topologyText} without a broker. */
export function topologyTestText(name: string, { testing, testSchemas, test }: TemplateImports): string {
  return `import assert from 'node:assert/strict';
import { test } from '${test}';
import { testTopology } from '${testing}';
import { cohortId, courseId, itemId, learnerId, topics } from '${testSchemas}';
import counted, { learnerDays } from '../../topologies/${name}.js';

const DAY_MS = 86_400_000;
const learner = learnerId('ada');

const click = (eventId: string, occurredAtMs: number) => ({
  eventId,
  learner,
  course: courseId('AAA-2014J'),
  cohort: cohortId('AAA-2014J'),
  occurredAtMs,
  region: 'test',
  personal: { action: 'OPEN' as const, item: itemId('page-1'), dwellMs: 0, clicks: 2 },
});

test('counts the clicks of a learner by day', () =>
  // Runs the body twice, with the input cut into other batches, and compares: state kept in a variable would show.
  testTopology(counted, async (driver) => {
    driver.input(topics.clicks).sendAll([click('a', 0), click('b', 1), click('c', DAY_MS)]);
    await driver.endInput();
    const days = driver.output(learnerDays).values().map((day) => ({ ...day }));
    assert.deepEqual(days, [
      { learner, dayStartMs: 0, events: 2, clicks: 4 },
      { learner, dayStartMs: DAY_MS, events: 1, clicks: 2 },
    ]);
  }));
`;
}
