import type { StageNode } from '../../operators/builder.js';
import type { Topology } from '../../operators/topology.js';
import { SkillForgeError, topics, type DeadLetter, type Opened, type Topic } from '../../schemas/index.js';
import type { Deployment } from '../engine/deployment.js';
import type { PartitionInput } from '../engine/partitionInput.js';
import { decodeProgress, newProgress, type TaskCounters } from '../engine/progress.js';
import { advanced } from './advance.js';
import { DriverInput, type SentRecord } from './driverInput.js';
import { driverSettings, type DriverOptions, type DriverSettings } from './driverOptions.js';
import { DriverOutput } from './driverOutput.js';
import { DriverProcess } from './driverProcess.js';
import { MemoryStorage } from './memoryStorage.js';
import { snapshotOf, tasksOf, type Snapshot } from './snapshot.js';

/**
 * Runs topologies without a broker: the engine that runs in production, over a storage in memory, with a clock that only the test
 * moves. Made by `testTopology`, which runs a test in two batchings, or by {@link openDriver}.
 */
export class TopologyTestDriver {
  private readonly process: DriverProcess;
  private readonly sent: SentRecord[] = [];
  private readonly outputs = new Map<string, DriverOutput<string, unknown>>();
  /** What was there after each step of the test. @internal */
  readonly steps: Snapshot[] = [];

  /** @internal */
  constructor(
    readonly storage: MemoryStorage,
    private readonly clock: { nowMs: number },
    private readonly deployments: readonly Deployment[],
    private readonly settings: DriverSettings,
    process: DriverProcess,
  ) {
    this.process = process;
  }

  /** How this driver cuts its input, such as `in one batch`. */
  get batching(): string {
    return this.settings.batching.name;
  }

  /** The driver's wall clock, ms since epoch. */
  get nowMs(): number {
    return this.clock.nowMs;
  }

  /** A source of the topology. @throws SFS_TEST_INPUT for a topic that it does not read */
  input<K extends string, V>(topic: Topic<K, V>): DriverInput<K, V> {
    const deployment = this.deploymentOf(topic, (stage) => stage.source?.topic);
    const { source } = stagesOf(deployment).find((stage) => stage.source?.topic.name === topic.name)!;
    return new DriverInput(topic, {
      source: source!,
      physicalName: deployment.physicalName(topic),
      partitions: deployment.partitionsOf(source!.topic),
      codec: deployment.codecOf(topic),
      nowMs: () => this.clock.nowMs,
      send: (record) => this.sent.push(record),
    });
  }

  /** What the topology wrote to a topic. Asking again gives the same object. */
  output<K extends string, V>(topic: Topic<K, V>): DriverOutput<K, V> {
    let output = this.outputs.get(topic.name);
    if (output === undefined) {
      const [deployment] = this.deployments as readonly [Deployment];
      const plain = topic as Topic<string, unknown>;
      output = new DriverOutput<string, unknown>(plain, deployment.physicalName(plain), deployment.codecOf(plain), this.storage.log);
      this.outputs.set(topic.name, output);
    }
    return output as unknown as DriverOutput<K, V>;
  }

  /** Processes everything that was sent. A partition that has nothing more does not hold up the others; windows stay open. */
  async run(): Promise<void> {
    await this.flush();
    await this.process.run('until-end');
    this.noteStep();
  }

  /**
   * Processes what a running service could by now: a silent partition holds up the tasks that read it, until it has been silent for its
   * source's `idleMs`; see {@link elapse}.
   */
  async runLive(): Promise<void> {
    await this.flush();
    await this.process.live();
    this.noteStep();
  }

  /** Lets wall-clock time pass, then works as {@link runLive}. */
  async elapse(ms: number): Promise<void> {
    await this.runLive();
    this.clock.nowMs += ms;
    await this.process.live();
    this.noteStep();
  }

  /**
   * Runs, then moves the watermark of the sources to `toMs` at least, as if every partition had had a record of event time
   * `toMs + latenessMs`: closes the windows up to there. With `only`, of these topics alone. A topic that another topology writes gets
   * a marker; internal topics follow by themselves.
   */
  async advanceWatermark(toMs: number, ...only: readonly Topic<string, never>[]): Promise<void> {
    await this.run();
    const wanted = (name: string): boolean => only.length === 0 || only.some((topic) => topic.name === name);
    const worker = await this.process.start('until-end');
    for (const task of worker.runningTasks) {
      const commit = advanced(task, toMs, (input: PartitionInput) => wanted(input.options.source.topic.name));
      if (commit !== null) await this.storage.commit(commit);
    }
    for (const topic of this.foreignTopics()) if (wanted(topic.name)) this.input(topic).sendMarker(toMs);
    await this.run();
  }

  /** Runs, then ends the input for good: every window closes. */
  async endInput(): Promise<void> {
    await this.flush();
    await this.process.run('end-of-input');
    this.noteStep();
  }

  /** The process dies and a new one takes over from what was committed: whatever an operator kept in a variable is gone. */
  restart(): Promise<void> {
    this.process.drop();
    return Promise.resolve();
  }

  /** What could not be processed, by source position. */
  deadLetters(): Opened<DeadLetter>[] {
    const position = (letter: Opened<DeadLetter>): string =>
      `${letter.sourceTopic} ${letter.sourcePartition} ${String(letter.sourceOffset).padStart(16)} ${letter.id}`;
    const letters = this.output(topics.deadLetters)
      .records()
      .map((record) => record.value!);
    return letters.sort((a, b) => (position(a) < position(b) ? -1 : 1));
  }

  /** The dead letters that came behind a window. Late records with a pipeline of their own are in its output topic. */
  late(): Opened<DeadLetter>[] {
    return this.deadLetters().filter((letter) => letter.code === 'SFS_LATE');
  }

  /** The row of a key in a store, such as `last-hour/panes`; `undefined` when there is none. `S` is the caller's word. @throws SFS_TEST_STORE */
  state<S>(store: string, key: string): S | undefined {
    return this.rows<S>(store).get(key);
  }

  /** All rows of a store over all partitions, keys in order. @throws SFS_TEST_STORE */
  rows<S>(store: string): Map<string, S> {
    const rows = this.deployments.flatMap((deployment) => {
      const spec = stagesOf(deployment)
        .flatMap((stage) => stage.stores)
        .find((one) => one.name === store);
      if (spec === undefined) return [];
      const scanned = tasksOf(deployment, this.storage).flatMap((task) => [...this.storage.tasks.scan(task, store)]);
      return scanned.map(({ key, value }) => [key, deployment.stateCodec(spec).decode(value) as S] as const);
    });
    if (rows.length === 0) this.assertStore(store);
    return new Map(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** What the tasks counted, all together. */
  counters(): TaskCounters {
    const sum = newProgress().counters;
    const names = Object.keys(sum) as (keyof TaskCounters)[];
    for (const { counters } of this.progress()) for (const name of names) sum[name] = (sum[name] ?? 0) + (counters[name] ?? 0);
    return sum;
  }

  /** The least watermark of the tasks that have one, ms; -Infinity when none has. */
  watermark(): number {
    const known = this.progress()
      .map(({ watermarkMs }) => watermarkMs)
      .filter((watermarkMs) => watermarkMs !== -Infinity);
    return known.length === 0 ? -Infinity : Math.min(...known);
  }

  /** Timers that are set, over all tasks. */
  pendingTimers(): number {
    return this.tasks().reduce((total, task) => total + this.storage.tasks.queueHead(task, Infinity).length, 0);
  }

  /** Everything that must not depend on batches. */
  snapshot(): Snapshot {
    return snapshotOf(this.deployments, this.storage);
  }

  private noteStep(): void {
    if (this.settings.keepSteps) this.steps.push(this.snapshot());
  }

  private tasks(): string[] {
    return this.deployments.flatMap((deployment) => tasksOf(deployment, this.storage));
  }

  private progress(): ReturnType<typeof decodeProgress>[] {
    return this.tasks().map((task) => decodeProgress(this.storage.tasks.progress(task)!));
  }

  private async flush(): Promise<void> {
    for (const { appendTimeMs, ...record } of this.sent.splice(0)) await this.storage.log.appendAt([record], appendTimeMs);
  }

  /** Derived topics that are read here and written elsewhere. */
  private foreignTopics(): Topic<string, unknown>[] {
    const stages = this.deployments.flatMap(stagesOf);
    const written = new Set(stages.map((stage) => stage.target?.name));
    const read = stages.flatMap(({ source }) => (source?.topic.derived ? [source.topic] : []));
    return read.filter((topic) => !written.has(topic.name));
  }

  private deploymentOf(topic: { readonly name: string }, of: (stage: StageNode) => { readonly name: string } | undefined): Deployment {
    const found = this.deployments.find((deployment) => stagesOf(deployment).some((stage) => of(stage)?.name === topic.name));
    if (found !== undefined) return found;
    const names = this.deployments.map((deployment) => deployment.id).join(', ');
    throw new SkillForgeError('SFS_TEST_INPUT', `${names} does not read topic ${topic.name}`);
  }

  private assertStore(store: string): void {
    const known = this.deployments.flatMap(stagesOf).flatMap((stage) => stage.stores.map((one) => one.name));
    if (!known.includes(store)) throw new SkillForgeError('SFS_TEST_STORE', `there is no store "${store}"; there are ${known.join(', ')}`);
  }
}

const stagesOf = (deployment: Deployment): readonly StageNode[] => deployment.build().stages;

/**
 * A driver for one batching. `testTopology` is what tests of topologies want; this is for tests that choose batches and crashes
 * themselves.
 * @throws what the topology's declaration and plan throw
 */
export async function openDriver(topology: Topology | readonly Topology[], options: DriverOptions = {}): Promise<TopologyTestDriver> {
  const settings = driverSettings(options);
  const clock = { nowMs: settings.nowMs };
  const storage = new MemoryStorage({ now: () => clock.nowMs });
  const topologies = Array.isArray(topology) ? (topology as readonly Topology[]) : [topology as Topology];
  const process = new DriverProcess(topologies, storage, settings, () => clock.nowMs);
  const { deployments } = await process.start('until-end');
  return new TopologyTestDriver(storage, clock, deployments, settings, process);
}
