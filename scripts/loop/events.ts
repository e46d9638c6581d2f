/** Events of the school, day by day, and a day on which a crawler used everybody's account. */
import { createReadStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { days } from '../../operators/index.js';
import { topics } from '../../schemas/index.js';
import type { SchoolOptions } from '../school/index.js';
import type { Program } from './program.js';

/** Topics of the school whose records have an instant, and its field. */
const INSTANTS = {
  catalogue: 'updatedAtMs',
  profiles: 'updatedAtMs',
  'lms-events': 'occurredAtMs',
  'quiz-results': 'occurredAtMs',
  clicks: 'occurredAtMs',
} as const;
type TopicName = keyof typeof INSTANTS;
const TOPICS = Object.keys(INSTANTS) as TopicName[];
/** What the daily batch publishes comes after its day, or not at all: without a promise, decisions would wait for it as long as for events. */
const BATCH = topics.batchFeatures.name;
/** Of the crawler, on each item of a course, by each learner. */
const CRAWLED_TIMES = 3;

interface Event {
  readonly eventId?: string;
  readonly learner?: string;
  readonly item?: string;
  readonly course?: string;
  readonly cohort?: string;
  readonly [field: string]: unknown;
}

/** The events of a school, which are written to Kafka as days go by. */
export class SchoolDays {
  private readonly byTopic = new Map<TopicName, Event[]>();
  private writtenUntilMs = -Infinity;
  private constructor(
    private readonly program: Program,
    private readonly folder: string,
    private readonly startMs: number,
  ) {}

  /** Makes the whole school up. @throws what generating throws */
  static async make(
    program: Program,
    folder: string,
    { learners, courses, items, days: all, eventsPerDay, startMs }: SchoolOptions,
  ): Promise<SchoolDays> {
    const size = { learners, courses, items, days: all, 'events-per-day': eventsPerDay };
    const files = join(folder, 'school');
    await program.json('generate', '--jsonl', files, ...Object.entries(size).flatMap(([name, value]) => [`--${name}`, String(value)]));
    const made = new SchoolDays(program, folder, startMs);
    for (const topic of TOPICS) made.byTopic.set(topic, await eventsIn(join(files, `${topic}.jsonl`)));
    return made;
  }

  /** The midnight (UTC) before day `day`, from 0 on, ms. */
  midnight(day: number): number {
    return this.startMs + days(day);
  }

  /**
   * Writes what happened before the midnight that begins day `day` and is not written yet, and that no more of it comes: a day is over for the
   * topologies, too. @returns how many records that were
   */
  async writeUntil(day: number): Promise<number> {
    const [fromMs, untilMs] = [this.writtenUntilMs, this.midnight(day)];
    this.writtenUntilMs = untilMs;
    let written = 0;
    for (const topic of TOPICS) {
      const events = this.byTopic.get(topic)!.filter((event) => isWithin(event[INSTANTS[topic]] as number, fromMs, untilMs));
      written += await this.write(topic, events, `until-${day}`, '--clock', String(untilMs));
    }
    await this.write(BATCH, [], `until-${day}`, '--clock', String(untilMs));
    return written;
  }

  /** Learners with a click on a day. */
  learnersOf(day: number): string[] {
    const clicks = this.byTopic
      .get('clicks')!
      .filter(({ occurredAtMs }) => isWithin(occurredAtMs as number, this.midnight(day), this.midnight(day + 1)));
    return [...new Set(clicks.map(({ learner }) => learner!))];
  }

  /** On day `day`, somebody opens every item of each course with everybody's account. @returns how many clicks that were */
  crawl(day: number): Promise<number> {
    const clicks = this.byTopic.get('clicks')!;
    const items = this.byTopic.get('catalogue')!;
    const seen = new Map(clicks.map((click) => [`${click.learner} ${click.course}`, click]));
    const crawled: Event[] = [];
    for (const { learner, course, cohort, region } of seen.values()) {
      for (const { item } of items.filter((one) => one.course === course)) {
        for (let time = 0; time < CRAWLED_TIMES; time++) {
          const occurredAtMs = this.midnight(day) + (crawled.length % days(1));
          const personal = { action: 'OPEN', item, dwellMs: 0, clicks: 1 };
          crawled.push({ eventId: `crawled-${crawled.length}`, learner: learner!, course: course!, cohort: cohort!, occurredAtMs, region, personal });
        }
      }
    }
    return this.write('clicks', crawled, `crawled-${day}`);
  }

  private async write(topic: string, events: readonly Event[], name: string, ...options: readonly string[]): Promise<number> {
    const folder = join(this.folder, 'events');
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${topic}-${name}.jsonl`);
    writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    await this.program.json('topics', 'write', topic, file, ...options);
    return events.length;
  }
}

const isWithin = (ms: number, fromMs: number, untilMs: number): boolean => ms >= fromMs && ms < untilMs;

async function eventsIn(file: string): Promise<Event[]> {
  const events: Event[] = [];
  for await (const line of createInterface({ input: createReadStream(file) })) events.push(JSON.parse(line) as Event);
  return events;
}
