/** The table of interactions: what each learner used in each hour. */
import type { LearnerActivity, Opened } from '../../schemas/index.js';
import { hours } from '../../operators/index.js';
import { ColumnFiles } from './columnFile.js';
import type { TopicRecords } from './topicRecords.js';
import type { Numberings } from './numbering.js';
import type { Reading } from './reading.js';

const COLUMNS = { learner: 'u32', item: 'u32', course: 'u16', hour: 'i32', events: 'u32', completed: 'u8' } as const;
const TELL_EVERY = 1_000;

/**
 * Writes one row for each learner, hour and item, by hour ascending: of the hours that were over before `untilMs`. @returns how many, and
 * when the first was, ms
 *
 * @throws SFS_FILE_UNWRITABLE, SFS_EXPORT_ORDER
 */
export async function exportInteractions(
  records: TopicRecords<Opened<LearnerActivity>>,
  folder: string,
  { learners, items, courses }: Numberings,
  untilMs: number,
  reading: Reading,
): Promise<{ readonly interactions: number; readonly firstMs: number | null }> {
  const columns = new ColumnFiles(folder, 'interactions', COLUMNS);
  let [read, interactions] = [0, 0];
  let firstMs: number | null = null;
  for await (const { learner, hourStartMs, personal } of records.byTime((activity) => activity.hourStartMs)) {
    if (++read % TELL_EVERY === 0) reading('interactions', read, records.offsets);
    if (hourStartMs + hours(1) > untilMs) break;
    firstMs ??= hourStartMs;
    const number = learners.of(learner);
    for (const { item, course, events, completed } of personal.items) {
      columns.add('learner', number);
      columns.add('item', items.of(item));
      columns.add('course', courses.of(course));
      columns.add('hour', hourStartMs / hours(1));
      columns.add('events', events);
      columns.add('completed', completed ? 1 : 0);
      interactions++;
    }
  }
  columns.finish();
  return { interactions, firstMs };
}
