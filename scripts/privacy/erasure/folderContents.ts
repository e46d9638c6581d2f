/** What the log and the state of a folder hold of a learner, and how it is taken out. */
import type { EmbeddedStorage, Sweep } from '../../../runtime/embedded/index.js';
import { isUnlinkable } from '../../../runtime/keys/openedRecord.js';
import { localRecords } from '../../../runtime/localTools.js';
import { LearnerContents } from './contents.js';
import type { Found } from './found.js';
import type { Mention } from './mention.js';

const STORE = 'embedded-folder';

/** Records, rows and timers of one learner: those of replays, and of others, too. */
export class FolderContents {
  private readonly contents: LearnerContents;

  constructor(
    private readonly storage: EmbeddedStorage,
    mention: Mention,
  ) {
    this.contents = new LearnerContents(storage, mention);
  }

  /** All of it, topic by topic, then rows and timers. @throws what reading throws */
  *found(): Generator<Found, void, undefined> {
    for (const { name, partitions } of this.storage.log.topics()) {
      for (let partition = 0; partition < partitions; partition++) yield* this.foundInPartition(name, partition);
    }
    const { contents } = this.storage;
    for (const row of contents.rows()) {
      if (row.isUnlinkable) yield unlinkable(`${row.task} ${row.store}`);
      else if (this.contents.isRowOf(row))
        yield { store: STORE, where: `${row.task} ${row.store}`, value: { key: row.key, row: this.contents.rowFor(row) } };
    }
    for (const timer of contents.timers()) {
      const { task, queue, timeMs, tiebreak } = timer;
      if (this.contents.isTimerOf(timer)) yield { store: STORE, where: `${task} timer of ${queue}`, value: { key: tiebreak, timeMs } };
    }
  }

  /**
   * What takes all of it out. Records go, but those of the control topic, which decide for everybody: the name goes from them. So do rows under the
   * learner's key; in those of others (a day of a cohort, the answers to a question) the learner is taken out of lists, and called nobody elsewhere.
   */
  sweep(): Sweep {
    return {
      record: (topic, record) => (this.contents.isRecordOf(topic, record) ? this.contents.withoutLearner(topic, record) : record),
      row: (row) => (this.contents.isRowOf(row) ? this.contents.rowWithoutLearner(row) : row.value),
      keepsTimer: (timer) => !this.contents.isTimerOf(timer),
    };
  }

  private *foundInPartition(topic: string, partition: number): Generator<Found, void, undefined> {
    for (const record of localRecords(this.storage.log, topic, partition)) {
      if (isUnlinkable(record)) yield unlinkable(`${topic}/${partition}/${record.offset}`);
      if (isUnlinkable(record) || !this.contents.isRecordOf(topic, record)) continue;
      const { offset, appendTimeMs, key } = record;
      const value = { key: key?.toString() ?? null, appendTimeMs, value: this.contents.recordFor(topic, record) };
      yield { store: STORE, where: `${topic}/${partition}/${offset}`, value };
    }
  }
}

const unlinkable = (where: string): Found => ({ store: STORE, where, value: null, isUnlinkable: true });
