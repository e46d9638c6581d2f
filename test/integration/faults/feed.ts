/** The producer: sends seeded presses, and poison, for as long as it is let. */
import { setTimeout as sleep } from 'node:timers/promises';
import { clockMarkers } from '../../../runtime/engine/clock.js';
import { partitionOf } from '../../../schemas/partitioner.js';
import type { OutputRecord } from '../../../runtime/ports.js';
import { SeededRandom } from '../../../scripts/synthetic/index.js';
import { codecsOf, type Parts } from './arena.js';
import { POISONS, poisonHeader, type Codecs } from './poison.js';
import { PARTITIONS, presses, type Press } from './topologies.js';

const COURSES = 7;
const BATCH = 50;
/** One learner presses a fifth of all. */
const HOT = 0;
const HOT_SHARE = 1 / 5;
/** Of the presses for a partition that is to be slow. */
const SLOW_SHARE = 1 / 5;
const HOUR_MS = 3_600_000;

export class Feed {
  sent = 0;
  /** Of these, presses of the learner who presses most. */
  hot = 0;
  /** Nearly all presses go to partition 0, and take their time. */
  isOneSided = false;
  private readonly random: SeededRandom;
  private readonly startMs = Date.now() - HOUR_MS;
  private isOn = true;
  private readonly poisons: string[] = [];
  private readonly strangers: ((press: Press) => Buffer)[] = [];
  private readonly codecs: Codecs;
  private readonly running: Promise<void>;
  private readonly topic: string;

  constructor(
    private readonly parts: Parts,
    region: string,
    private readonly options: { readonly seed: number; readonly keys: number; readonly perSecond: number },
  ) {
    this.topic = `${region}.${presses.name}`;
    this.codecs = codecsOf(parts);
    this.random = new SeededRandom(options.seed);
    this.running = this.run();
  }

  /** Has these kinds of poison sent with the next batch. */
  poison(names: readonly string[]): void {
    this.poisons.push(...names);
  }

  /** Has one press for each partition encoded in another way, with the next batch. */
  strange(encode: (press: Press) => Buffer): void {
    this.strangers.push(encode);
  }

  /** Sends no more, but for a promise that lets all that waits come out. */
  async end(): Promise<void> {
    this.isOn = false;
    await this.running;
    await this.append(clockMarkers(this.topic, PARTITIONS, Date.now()));
  }

  /** Of every key once, so that each has a row. */
  async everyKey(): Promise<void> {
    for (let first = 0; first < this.options.keys; first += 2_000) {
      const some = Math.min(2_000, this.options.keys - first);
      await this.append(Array.from({ length: some }, (_, at) => this.recordOf(this.press(first + at))));
    }
  }

  private async run(): Promise<void> {
    while (this.isOn) {
      const records = Array.from({ length: BATCH }, () => this.recordOf(this.press(this.nextLearner())));
      records.push(...this.poisons.splice(0).map((name) => this.poisonRecord(name)));
      for (const encode of this.strangers.splice(0)) records.push(...this.strangeRecords(encode));
      await this.append(records);
      await sleep((BATCH * 1000) / this.options.perSecond);
    }
  }

  /** A broker that is away is tried again: what is in the log twice by that counts twice. */
  private async append(records: readonly OutputRecord[]): Promise<void> {
    for (;;) {
      try {
        await this.parts.cluster.log.append(records);
        this.sent += records.length;
        return;
      } catch {
        await sleep(500);
      }
    }
  }

  private nextLearner(): number {
    if (!this.isOneSided && this.random.chance(HOT_SHARE)) return HOT;
    return this.isOneSided && !this.random.chance(1 / 10) ? this.learnerIn(0) : this.random.below(this.options.keys);
  }

  private learnerIn(partition: number): number {
    for (;;) {
      const learner = this.random.below(this.options.keys);
      if (partitionOf(Buffer.from(nameOf(learner)), PARTITIONS) === partition) return learner;
    }
  }

  private press(learner: number): Press {
    if (learner === HOT) this.hot++;
    const atMs = this.startMs + this.sent + this.random.below(50);
    const kind = this.isOneSided && this.random.chance(SLOW_SHARE) ? 'slow' : 'plain';
    return { learner: nameOf(learner), course: `course-${this.random.below(COURSES)}`, atMs, n: 1 + this.random.below(1_000), kind };
  }

  private recordOf(press: Press, value = this.codecs.press.encode(press.learner, press)): OutputRecord {
    const key = Buffer.from(press.learner);
    return { topic: this.topic, partition: partitionOf(key, PARTITIONS), key, value, header: null };
  }

  private strangeRecords(encode: (press: Press) => Buffer): OutputRecord[] {
    return Array.from({ length: PARTITIONS }, (_, partition) => {
      const press = this.press(this.learnerIn(partition));
      return this.recordOf(press, encode(press));
    });
  }

  private poisonRecord(name: string): OutputRecord {
    const press = this.press(this.nextLearner());
    const { key, value } = POISONS[name]!.make({ ...press, kind: 'plain' }, this.codecs);
    return { topic: this.topic, partition: partitionOf(Buffer.from(press.learner), PARTITIONS), key, value, header: poisonHeader(name) };
  }
}

const nameOf = (learner: number): string => `learner-${learner}`;
