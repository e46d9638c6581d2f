import { describe, expect, it } from 'vitest';
import { testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { courseId, itemId, topics } from '../../schemas/index.js';
import curricula from '../../topologies/curricula.js';
import { at } from './clicks.js';
import { catalogueItem } from './statements.js';

const recordsOf = (driver: TopologyTestDriver, course = 'AAA-2024J') => driver.output(topics.curricula).of(courseId(course));

describe('curricula', () => {
  it('puts the items of a course into one record, by name, with all that the catalogue says but the text', async () => {
    await testTopology(curricula, async (driver) => {
      const parts = {
        kind: 'quiz',
        text: 'A long description.',
        skills: ['algebra'],
        prerequisites: [itemId('a')],
        difficulty: 0.5,
        durationMinutes: 20,
        availableFromMs: at(3),
        availableUntilMs: at(9),
      };
      driver
        .input(topics.catalogue)
        .sendAll([catalogueItem('b', at(0), parts), catalogueItem('a', at(1)), catalogueItem('c', at(2), { course: 'BBB' })]);
      await driver.endInput();
      const { text: _, ...kept } = parts;
      const untold = { position: null, plannedFromMs: null, plannedUntilMs: null };
      const record = recordsOf(driver).at(-1)!;
      expect(record.timestamp).toBe(at(1));
      expect(record.value).toEqual({
        course: 'AAA-2024J',
        region: 'test',
        asOfMs: at(1),
        topologyVersion: 1,
        items: [
          expect.objectContaining({ item: 'a', title: 'Page a', addedAtMs: at(1), withdrawn: false }),
          { item: 'b', title: 'Page b', ...untold, ...kept, addedAtMs: at(0), withdrawn: false },
        ],
      });
      expect(
        recordsOf(driver, 'BBB')
          .at(-1)!
          .value!.items.map(({ item }) => item),
      ).toEqual(['c']);
    });
  });

  it('tells of a withdrawal at once, without waiting for the watermark, and keeps the time of the first word', async () => {
    await testTopology(curricula, async (driver) => {
      const input = driver.input(topics.catalogue);
      input.sendAll([catalogueItem('a', at(0)), catalogueItem('b', at(0)), catalogueItem('a', at(5), { withdrawn: true })]);
      await driver.run();
      const record = recordsOf(driver).at(-1)!;
      expect(record.timestamp).toBe(at(5));
      expect(record.value!.items.map(({ item, addedAtMs, withdrawn }) => [item, addedAtMs, withdrawn])).toEqual([
        ['a', at(0), true],
        ['b', at(0), false],
      ]);
    });
  });

  it('holds the newest statement of an item, and adds a late one to what holds now', async () => {
    await testTopology(curricula, async (driver) => {
      driver
        .input(topics.catalogue)
        .sendAll([catalogueItem('a', at(5), { title: 'New' }), catalogueItem('a', at(1), { title: 'Old' }), catalogueItem('b', at(2))]);
      await driver.endInput();
      const record = recordsOf(driver).at(-1)!;
      expect([record.timestamp, record.value!.asOfMs]).toEqual([at(5), at(5)]);
      expect(record.value!.items.map(({ item, title, addedAtMs }) => [item, title, addedAtMs])).toEqual([
        ['a', 'New', at(1)],
        ['b', 'Page b', at(2)],
      ]);
    });
  });
});
