/** What is deleted in the log, for a view that takes nothing new of learners while its region has keys and it has none. */
import { CHUNK, type LogReads } from './logReads.js';
import { placeOf, type MaterializerOptions, type PassWork } from './passWork.js';
import { isOfLearners, viewTopics, type ViewTopic } from './viewTopics.js';

/**
 * Deletes rows whose records were deleted, and leaves the positions of the view where they are: lists that were passed over are read by whoever goes on with it. How far it has looked is known to this object alone.
 */
export class Removals {
  private readonly nexts = new Map<string, number>();

  constructor(private readonly options: Pick<MaterializerOptions, 'log' | 'region'>) {}

  /** Up to the present end of the log, as far as it can be read. @throws what the log throws */
  async read(work: PassWork, reads: LogReads): Promise<void> {
    const { log, region } = this.options;
    for (const topic of viewTopics(log, region).filter(({ name }) => isOfLearners(name))) {
      for (let partition = 0; partition < topic.partitions; partition++) {
        if (!(await this.readPartition(work, reads, topic, partition))) return;
      }
    }
  }

  /** Returns false when there is nothing more to read, or another process changed the view meanwhile. */
  private async readPartition(work: PassWork, reads: LogReads, { name, physical }: ViewTopic, partition: number): Promise<boolean> {
    const place = placeOf(physical, partition);
    const { start, end } = this.options.log.range(physical, partition);
    for (let next = Math.max(start, this.nexts.get(place) ?? work.nextOf(place)); next < end;) {
      const entries = await reads.read(physical, partition, next, CHUNK);
      if (entries === null) return false;
      for (const entry of entries) work.takeRemoval(name, physical, partition, entry);
      if (!(await work.flush())) return false;
      const last = entries.at(-1);
      next = last === undefined ? end : last.offset + 1;
      this.nexts.set(place, next);
    }
    return true;
  }
}
