/**
 * The hybrid loop, end to end on real servers: days of a synthetic school go through Kafka and Redis; what they leave becomes batch features and
 * training sets; two models are trained, registered, judged, shadowed and promoted, and served without a restart; a poisoned day is stopped; and the
 * model that was promoted last is rolled back.
 */
import { mkdirSync } from 'node:fs';
import { startServices, type Services, type ServicesOptions } from '../services/index.js';
import { schoolOptions, type SchoolOptions } from '../school/index.js';
import type { GateCheck } from '../models/gates/gate.js';
import { Day, JUDGED_DAYS, LABEL_DAYS, type Judgement, type Skew, type TrainedVersion } from './day.js';
import { SchoolDays } from './events.js';
import { Live } from './live.js';
import { Program } from './program.js';

/** How large the school of a loop is. */
export interface LoopSize {
  readonly name: 'full' | 'short';
  readonly school: SchoolOptions;
  /** Days that are over when the first model is trained. */
  readonly days: number;
  /** Last days whose batch features are made. */
  readonly batchDays: number;
}

/** Days of the first model's lists, and of the second one's. */
const SERVED_DAYS = 1;
/** From the beginning of the poisoned day until a model that has learnt from it can be judged: by decisions after it, whose week is over. */
const UNTIL_JUDGED = 1 + JUDGED_DAYS + LABEL_DAYS;
const DAYS_AFTER = 3 * SERVED_DAYS + UNTIL_JUDGED;

const sizeOf = (name: LoopSize['name'], days: number, batchDays: number, school: Partial<SchoolOptions>): LoopSize => ({
  name,
  days,
  batchDays,
  school: schoolOptions({ ...school, days: days + DAYS_AFTER }),
});

/** The sizes of a loop. */
export const SIZES: Readonly<Record<LoopSize['name'], LoopSize>> = {
  full: sizeOf('full', 35, 7, { learners: 400, courses: 3, items: 40, eventsPerDay: 2_000 }),
  short: sizeOf('short', 24, 2, { learners: 240, courses: 2, items: 30, eventsPerDay: 1_000 }),
};

/** What a step of the loop did. */
export interface LoopStep {
  readonly name: string;
  readonly seconds: number;
  /** What it found, in words. */
  readonly found: string;
}

/** What came of a loop. */
export interface LoopResult {
  readonly size: LoopSize['name'];
  readonly steps: readonly LoopStep[];
  /** From the order to promote until a learner was served a list of the new model, in seconds: events flowed meanwhile. */
  readonly promotionSeconds: number;
  /** The same for the way back. */
  readonly rollbackSeconds: number;
  /** The gates that stopped the poisoned day. */
  readonly stoppedBy: readonly string[];
}

/** A day whose model has passed its gates. */
interface JudgedDay {
  readonly day: Day;
  readonly version: TrainedVersion;
}

/** What a loop needs. */
export const LOOP_SERVERS: ServicesOptions = { brokers: 1, redis: 'single', mlflow: true };

/** Who is told of each step: when it begins, and what it found. */
export interface LoopObserver {
  onStep(name: string): void;
  onDone(step: LoopStep): void;
}

/** A loop that is under way. */
export class Loop {
  private readonly steps: LoopStep[] = [];
  private days!: SchoolDays;

  private constructor(
    private readonly size: LoopSize,
    private readonly folder: string,
    private readonly program: Program,
    private readonly live: Live,
    private readonly observer: LoopObserver,
  ) {}

  /**
   * Runs a loop from the start of its servers to the end of its processes.
   *
   * @param folder - archive, features, exports and runs go there
   * @throws where a step fails, or does not come to what it is for
   */
  static async run(size: LoopSize, folder: string, observer: LoopObserver): Promise<LoopResult> {
    observer.onStep('starting Kafka, Redis and MLflow');
    const services = await startServices(LOOP_SERVERS);
    try {
      return await Loop.on(services, size, folder, observer, (loop) => loop.whole());
    } finally {
      await services.close();
    }
  }

  /**
   * The first day alone, on servers that are there ({@link LOOP_SERVERS}) and have seen nothing yet: from events to lists of a model.
   * @throws where a step fails, or does not come to what it is for
   */
  static firstDay(services: Services, size: LoopSize, folder: string, observer: LoopObserver): Promise<readonly LoopStep[]> {
    return Loop.on(services, size, folder, observer, async (loop) => {
      await loop.firstServed();
      return loop.steps;
    });
  }

  private static async on<T>(
    services: Services,
    size: LoopSize,
    folder: string,
    observer: LoopObserver,
    work: (loop: Loop) => Promise<T>,
  ): Promise<T> {
    mkdirSync(folder, { recursive: true });
    const program = new Program(folder, environmentOf(services));
    const live = new Live(program);
    try {
      return await work(new Loop(size, folder, program, live, observer));
    } finally {
      await live.close();
    }
  }

  private async whole(): Promise<LoopResult> {
    const { days } = this.size;
    const { first, promotionSeconds } = await this.firstServed();
    const second = await this.day('second day', days + 1, first.day);
    await this.served('lists of the second model', days + 2, () => this.promote(second.version), second.version);
    const stoppedBy = await this.poisoned(days + 2, second.day);
    const rollBack = (): Promise<unknown> => this.program.json('model', 'rollback', '--reason', 'shown by the loop');
    const rollbackSeconds = await this.served('rolled back: lists of the first model', days + 3 + UNTIL_JUDGED, rollBack, first.version);
    await this.step('every record is accounted for', () => this.counted());
    return { size: this.size.name, steps: this.steps, promotionSeconds, rollbackSeconds, stoppedBy };
  }

  private async firstServed(): Promise<{ readonly first: JudgedDay; readonly promotionSeconds: number }> {
    const { days } = this.size;
    await this.step('the school comes to Kafka; topologies and reader start', () => this.opened());
    const first = await this.day('first day', days, null);
    const promotionSeconds = await this.served('lists of the first model', days + 1, () => this.promote(first.version), first.version);
    return { first, promotionSeconds };
  }

  private async opened(): Promise<string> {
    const { days, school } = this.size;
    this.days = await SchoolDays.make(this.program, this.folder, school);
    const written = await this.days.writeUntil(days);
    await this.live.start();
    await this.live.caughtUp(this.days.midnight(days));
    return `${written} records of ${days} days`;
  }

  /** All of a day up to a version that has passed its gates and been shadowed. */
  private async day(name: string, end: number, before: Day | null): Promise<JudgedDay> {
    const day = new Day(this.program, this.folder, this.days.midnight(end), before);
    await this.prepared(name, day, before === null ? this.size.batchDays : 1);
    const version = await this.step(
      `${name}: training`,
      () => day.train(),
      ({ number, bundleVersion }) => `version ${number}, ${bundleVersion}`,
    );
    const { passed, checks } = await this.step(`${name}: gates`, () => day.gate(version), judgementText);
    if (!passed)
      throw new Error(
        `a good day was stopped: ${failedOf(checks)
          .map(({ name: gate, reason }) => `${gate}: ${reason}`)
          .join('; ')}`,
      );
    await this.step(`${name}: shadow`, () => day.shadow(version), textOf);
    await this.step(`${name}: drift report`, () => day.drift(), textOf);
    return { day, version };
  }

  private async prepared(name: string, day: Day, batchDays: number): Promise<void> {
    await this.step(`${name}: archive`, () => day.archiveEvents(), textOf);
    await this.step(`${name}: batch features`, () => day.batch(batchDays), textOf);
    await this.step(`${name}: published batch features`, () => day.publish(), textOf);
    await this.step(
      `${name}: online store`,
      () => day.materialise(batchDays),
      () => 'batch and stream',
    );
    await this.step(`${name}: skew of serving and training`, () => day.skew(), skewText);
    await this.step(`${name}: export`, () => day.exportTraining(), textOf);
  }

  private promote({ number }: TrainedVersion): Promise<unknown> {
    return this.program.json('model', 'promote', number, '--reason', 'daily loop');
  }

  /**
   * Changes what is production while the events of a day flow, and waits until a learner is served a list of the model.
   * @param until - number of the day before whose midnight the events happened
   * @returns how long that took from the end of the change, in seconds
   */
  private async served(name: string, until: number, change: () => Promise<unknown>, { bundleVersion }: TrainedVersion): Promise<number> {
    const startMs = performance.now();
    const writing = change()
      .then(() => performance.now())
      .then(async (changedMs) => ({ changedMs, written: await this.days.writeUntil(until) }));
    const list = this.live.servedBy(bundleVersion, this.days.learnersOf(until - 1)).then(({ learner }) => ({ learner, servedMs: performance.now() }));
    const [{ changedMs }, { learner, servedMs }] = await Promise.all([writing, list]);
    await this.live.caughtUp(this.days.midnight(until));
    const seconds = (servedMs - changedMs) / 1000;
    this.done({
      name,
      seconds: (performance.now() - startMs) / 1000,
      found: `${learner} was served by ${bundleVersion} after ${seconds.toFixed(1)} s`,
    });
    return seconds;
  }

  /** A crawler uses everybody's account for a day. What learns from it must not decide. @returns the gates that say so */
  private async poisoned(day: number, before: Day): Promise<readonly string[]> {
    const crawled = await this.step(
      'a poisoned day, and the week after it',
      async () => {
        const clicks = await this.days.crawl(day);
        await this.days.writeUntil(day + UNTIL_JUDGED);
        await this.live.caughtUp(this.days.midnight(day + UNTIL_JUDGED));
        return clicks;
      },
      (clicks) => `${clicks} clicks of a crawler`,
    );
    if (crawled === 0) throw new Error('nothing was crawled');
    const poisoned = new Day(this.program, this.folder, this.days.midnight(day + UNTIL_JUDGED), before);
    await this.prepared('poisoned day', poisoned, 1);
    const { isRefused, told } = await this.step(
      'poisoned day: validation',
      () => poisoned.isRefused(before.bundle),
      ({ isRefused: refused }) => (refused ? 'refused' : 'not refused'),
    );
    if (!isRefused) throw new Error(`a poisoned export was not refused:\n${told}`);
    const version = await this.step(
      'poisoned day: training, which somebody insists on',
      () => poisoned.train('change', 'drift'),
      ({ number }) => `version ${number}`,
    );
    const { passed, checks } = await this.step('poisoned day: gates', () => poisoned.gate(version), judgementText);
    if (passed) throw new Error('a model of a poisoned day passed the gates');
    const { code } = await this.program.ended('model', 'promote', version.number);
    if (code === 0) throw new Error('a model that failed its gates was promoted');
    return failedOf(checks).map(({ name }) => name);
  }

  private async counted(): Promise<string> {
    const { code, stdout } = await this.program.ended('counts');
    if (code !== 0) throw new Error(`records are not accounted for:\n${stdout}`);
    return 'nothing lost, nothing doubled';
  }

  private async step<T>(name: string, work: () => Promise<T>, text: (found: T) => string = String): Promise<T> {
    this.observer.onStep(name);
    const startMs = performance.now();
    const found = await work();
    this.done({ name, seconds: (performance.now() - startMs) / 1000, found: text(found) });
    return found;
  }

  private done(step: LoopStep): void {
    this.steps.push(step);
    this.observer.onDone(step);
  }
}

/** Where the servers are, for every command. */
function environmentOf({ kafka, redis, mlflow }: Services): Record<string, string> {
  return {
    SKILLFORGE_KAFKA: kafka!.bootstrapServers,
    SKILLFORGE_REDIS_URL: redis!.url,
    SKILLFORGE_FEATURE_STORE: redis!.url,
    SKILLFORGE_MODEL_REGISTRY: mlflow!.url,
    MLFLOW_TRACKING_URI: mlflow!.url,
  };
}

const failedOf = (checks: readonly GateCheck[]): GateCheck[] => checks.filter(({ status }) => status === 'failed');

function judgementText({ passed, checks }: Judgement): string {
  if (passed) return `passed, ${checks.length} gates`;
  return `stopped by ${failedOf(checks)
    .map(({ name, reason }) => `${name} (${reason})`)
    .join('; ')}`;
}

const skewText = ({ report }: Skew): string => `${report.differences} differences in ${report.rows} rows of ${report.decisions} decisions`;

/** The figures that a command summed up, without instants and its own time. */
function textOf(document: unknown): string {
  const { summary = document } = document as { readonly summary?: unknown };
  const figures = Object.entries(summary as Record<string, unknown>)
    .filter(([name, value]) => (typeof value === 'number' && !/Ms$|^seconds$|^format$/.test(name)) || typeof value === 'boolean')
    .map(([name, value]) => `${name} ${typeof value === 'number' ? Number(value.toPrecision(4)) : String(value)}`);
  return figures.length === 0 ? 'done' : figures.join(', ');
}
