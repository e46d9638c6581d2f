/** Appends the steps of a school to the log; can be cut off anywhere and repeated. */
import type { Topic } from '../../schemas/index.js';
import { RecordAppender, type AppendStorage } from '../commands/recordAppender.js';
import { HOUR_MS } from './calendar.js';
import type { SchoolOptions } from './options.js';
import { SCHOOL_TOPICS, type SchoolStep, type SchoolTopic } from './school.js';

/** What was written, and what an earlier writer of the same school had written. */
export interface SchoolWritten {
  readonly written: number;
  readonly alreadyThere: number;
}

/** Where a topic is: the steps of the school that its last commit covers. */
interface TopicProgress {
  readonly steps: number;
  readonly untilMs: number;
}

/** Whether a step ends an hour, with clocks: what is written at once is committed by the hour. */
export const endsHour = ({ clocksMs, untilMs }: SchoolStep): boolean => clocksMs !== null && untilMs % HOUR_MS === 0;

const NAMES = Object.keys(SCHOOL_TOPICS) as SchoolTopic[];
const NOTHING: TopicProgress = { steps: 0, untilMs: -Infinity };

/**
 * Takes the steps of a school from its first one on and writes those that are not there yet. Whether a step ends in a commit, and whether that
 * commit tells the clocks, must depend on the step alone: then the log is the same however often the writer was cut off.
 */
export class SchoolWriter {
  private readonly topics: readonly TopicWriter[];
  private steps = 0;
  private written = 0;
  private alreadyThere = 0;

  /**
   * @param storageOf - where the writer of a name appends, see {@link schoolWriters}
   * @throws SFS_TOPIC_MISMATCH, SFS_REGION_INVALID
   */
  constructor(storageOf: (writer: string) => AppendStorage, { region }: SchoolOptions) {
    this.topics = NAMES.map((name) => new TopicWriter(storageOf(writerOf(name, region)), name, region));
  }

  /** Up to where every topic has been written, ms since epoch; `-Infinity` before the first step. */
  get untilMs(): number {
    return Math.min(...this.topics.map(({ progress }) => progress.untilMs));
  }

  get counts(): SchoolWritten {
    return { written: this.written, alreadyThere: this.alreadyThere };
  }

  /**
   * Adds the next step. What is added without a commit is written with the next one; a step that has no clocks is committed in any case, to
   * bound what is in memory.
   *
   * @param ends - whether what was added is committed, with the clocks of the step
   * @throws what a commit throws
   */
  async write(step: SchoolStep, ends: boolean): Promise<void> {
    this.steps++;
    for (const topic of this.topics) {
      const records = step[topic.name];
      if (topic.has(this.steps)) this.alreadyThere += records.length;
      else {
        this.written += records.length;
        topic.add(step);
        if (ends || step.clocksMs === null) await topic.commit({ steps: this.steps, untilMs: step.untilMs }, ends ? step.clocksMs : null);
      }
    }
  }

  /** Resolves when every commit is durable. @throws what a commit threw */
  async finish(): Promise<void> {
    for (const { appender } of this.topics) await appender.finish();
  }
}

/** One of the topics. */
class TopicWriter {
  readonly appender: RecordAppender<unknown>;
  progress: TopicProgress;

  constructor(
    storage: AppendStorage,
    readonly name: SchoolTopic,
    region: string,
  ) {
    const topic = SCHOOL_TOPICS[name] as Topic<string, unknown>;
    this.appender = new RecordAppender(storage, topic, region, writerOf(name, region));
    this.progress = this.appender.progress<TopicProgress>() ?? NOTHING;
  }

  has(step: number): boolean {
    return step <= this.progress.steps;
  }

  add(step: SchoolStep): void {
    for (const record of step[this.name]) this.appender.add(record);
  }

  async commit(progress: TopicProgress, clocksMs: SchoolStep['clocksMs']): Promise<void> {
    if (clocksMs !== null) this.appender.clock(clocksMs[this.name]);
    this.progress = progress;
    await this.appender.commit(progress);
  }
}

/** Name under which the progress is kept: a region has one school. */
const writerOf = (name: SchoolTopic, region: string): string => `import/school/${region}/${name}`;

/** Names of the writers of a region's school: each topic has its own. */
export const schoolWriters = (region: string): string[] => NAMES.map((name) => writerOf(name, region));
