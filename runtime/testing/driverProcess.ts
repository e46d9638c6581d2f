import type { Topology } from '../../operators/topology.js';
import type { Task } from '../engine/task.js';
import { Worker, type WorkerOptions } from '../engine/worker.js';
import { CrashingStorage } from './crashingStorage.js';
import type { DriverSettings } from './driverOptions.js';
import { fewerPartitions } from './fewerPartitions.js';
import type { MemoryStorage } from './memoryStorage.js';

/** The process of a test: starts workers over one storage, and new ones when a planned crash ends them. */
export class DriverProcess {
  private readonly storage: CrashingStorage;
  private readonly topologies: readonly Topology[];
  /** The worker that goes on between calls of {@link live}: it remembers since when partitions are silent. */
  private current: Worker | null = null;

  constructor(
    topologies: readonly Topology[],
    memory: MemoryStorage,
    private readonly settings: DriverSettings,
    private readonly nowMs: () => number,
  ) {
    this.storage = new CrashingStorage(memory, settings.batching.crashes, settings.batching.mostRead);
    this.topologies = topologies.map((topology) => fewerPartitions(topology, settings.partitions));
  }

  /** A worker with its topics, plans and tasks in place. */
  async start(mode: WorkerOptions['mode']): Promise<Worker> {
    const { region, models, limits } = this.settings;
    const worker = new Worker(this.topologies, this.storage, { region, models, mode, limits, now: this.nowMs });
    for (const deployment of worker.deployments) {
      // Settles the partition counts of targets before stages name the catalogue's own topics.
      for (const { target } of deployment.build().stages) if (target) deployment.targetOf(target);
    }
    await worker.start();
    return worker;
  }

  /** Runs a worker to the end of its mode, however often it dies on the way. */
  async run(mode: 'until-end' | 'end-of-input'): Promise<void> {
    this.drop();
    await this.survive(async () => {
      const worker = await this.start(mode);
      await worker.run();
    });
  }

  /**
   * Does what a running service would have done by now: silent partitions hold up the others until their idle time has passed.
   * No planned crash meanwhile: how long a partition has been silent is known to the process alone.
   */
  async live(): Promise<void> {
    this.storage.paused = true;
    this.current ??= await this.start('follow');
    while (await this.round(this.current.runningTasks));
    this.storage.paused = false;
  }

  /** The process dies: what it had in memory is lost. */
  drop(): void {
    this.current = null;
  }

  /** Steps every task once; true when one had something to commit. */
  private async round(tasks: readonly Task[]): Promise<boolean> {
    const before = this.storage.commits;
    let more = false;
    for (const task of tasks) more = (await task.step({ nowMs: this.nowMs(), silence: () => 'wait' })) === 'more' || more;
    return more || this.storage.commits > before;
  }

  private async survive(work: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        this.drop();
        if (!this.storage.isPlanned(error)) throw error;
      }
    }
  }
}
