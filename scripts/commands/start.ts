/** `skillforge start`: a school, the topologies and the reader in one process. */
import { existsSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Topology } from '../../operators/topology.js';
import { DEFAULT_PORT } from '../../reader/index.js';
import type { EmbeddedStorage } from '../../runtime/embedded/index.js';
import type { RunMonitor } from '../../runtime/observability/index.js';
import { SkillForgeError } from '../../schemas/index.js';
import { HOUR_MS, SchoolFeed, simulatedSecondMs, type Pace } from '../school/index.js';
import { topologyFiles } from '../topologyFiles.js';
import { withModelsOrDemo, type StartModels } from './demoModels.js';
import { explainedRun } from './explainedRun.js';
import { holdsStorage, withFolder } from './folder.js';
import { folderInvocation } from './invocation.js';
import { withMetricsOptions, withMonitor, type MetricsOptions } from './metricsOptions.js';
import { CACHE_FOLDER, followedPlace, modelsOption, type ModelsOptions } from './modelOptions.js';
import { REGISTRY_FOLDER, registryPlace } from './modelRegistryOptions.js';
import { nameList, plainCommand, positiveNumber, regionOption, wholeNumber, type PlainOptions } from './options.js';
import { ProgressLine, type WorkDone } from './progressLine.js';
import { checkedTopologies } from './run.js';
import { caughtUp, learnerToShow, portFor, startReader } from './startReader.js';
import { StartReport } from './startReport.js';
import { StopSignals } from './stopSignals.js';
import type { RunProgress } from './topologyRun.js';

/** What `start` is told. */
export interface StartOptions extends PlainOptions, ModelsOptions, MetricsOptions {
  readonly data?: string;
  readonly seed?: number;
  readonly learners?: number;
  readonly speed: number;
  readonly port?: number;
  readonly run?: readonly string[];
}

const DESCRIPTION = `Makes up a school and lets it live: writes eight days of its events, runs the topologies over them, serves the recommendations with a page,
and then goes on with the school, by default a day in a minute, until Ctrl+C. All in this process, with nothing to install.

The topologies are those in ./topologies and in this package; one of the folder hides one of the package. Without --data the folder is a new
temporary one. A folder of an earlier start goes on where its log ends, with the same school. Without --models the demo model of this
package ranks, or a formula where that is for another region; "--models registry" follows what is production in a registry of models.`;

/** Records of the school that may wait before its time stands still. */
const MOST_WAITING = 20_000;

/** Starts everything. */
export function startCommand(): Command {
  const command = plainCommand('start', 'a made-up school, the topologies and the reader, live', DESCRIPTION, [
    'skillforge start',
    'skillforge start --data ./school --learners 2000 --speed 0.5',
    'skillforge start --seed 7 --port 0 --json',
  ])
    .option('--data <dir>', 'folder of the embedded storage; a new temporary one when left out')
    .option('--seed <n>', 'another seed makes another school (default: 1)', wholeNumber(-Infinity))
    .option('--learners <n>', 'learners of the school (default: 600)', wholeNumber(1))
    .option('--speed <days>', 'days of the school that pass in a minute; its time never passes the present', positiveNumber, 1)
    .option('--port <n>', `port of the reader; 0 takes any that is free (default: ${DEFAULT_PORT}, or the next that is free)`, wholeNumber(0))
    .option('--run <names>', 'topologies to run, with commas between; all when left out', nameList)
    .addOption(modelsOption())
    .addOption(regionOption());
  return withMetricsOptions(command).action(start);
}

async function start(options: StartOptions): Promise<void> {
  const topologies = await checkedTopologies(options.run ?? topologyFiles(process.cwd()).map(({ path }) => path));
  const port = await portFor(options.port);
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'skillforge-start-'));
  assertOurs(data);
  const stopping = new AbortController();
  const signals = new StopSignals(() => stopping.abort());
  const report = new StartReport({ ...options, data, topologies: topologies.length });
  try {
    await withMonitor(options, options.json === true, (monitor) => {
      monitor?.watchFolder(data);
      return withModelsOrDemo(
        { ...options, data },
        (models) =>
          withFolder(data, (storage) => new Start(storage, topologies, { ...options, data, port }, { report, stopping, models, monitor }).run()),
        (event) => monitor?.modelEvent(event),
      );
    });
  } finally {
    signals.release();
  }
}

/** What may be there before the storage is. */
const BESIDE: ReadonlySet<string> = new Set([REGISTRY_FOLDER, CACHE_FOLDER]);

/** A folder of something else is a slip of the pen. @throws SFS_FOLDER_UNUSABLE */
function assertOurs(folder: string): void {
  if (holdsStorage(folder) || !existsSync(folder) || !statSync(folder).isDirectory()) return;
  if (readdirSync(folder).every((name) => BESIDE.has(name))) return;
  throw new SkillForgeError('SFS_FOLDER_UNUSABLE', `${folder} holds other files and no storage; give --data a new or an empty folder`, {
    context: { folder },
  });
}

type StartSettings = StartOptions & { readonly data: string; readonly port: number };

/** What one start is made of. */
interface StartParts {
  readonly report: StartReport;
  readonly stopping: AbortController;
  readonly models: StartModels;
  readonly monitor: RunMonitor | null;
}

/** One start, from the history to the end. */
class Start {
  private waiting = 0;
  private readonly report: StartReport;
  private readonly stopping: AbortController;

  constructor(
    private readonly storage: EmbeddedStorage,
    private readonly topologies: readonly Topology[],
    private readonly settings: StartSettings,
    private readonly parts: StartParts,
  ) {
    this.report = parts.report;
    this.stopping = parts.stopping;
  }

  async run(): Promise<void> {
    const { region, seed, learners } = this.settings;
    const feed = await SchoolFeed.open(this.storage, { region, seed, learners });
    this.report.opened(feed, this.parts.models.ranking);
    if (!(await this.writeHistory(feed))) return;
    // Whatever ends one part ends the others, and its error is the one that is told.
    const parts = [this.runTopologies(), this.serve(feed)].map((part) => part.finally(() => this.stopping.abort()));
    const failed = (await Promise.allSettled(parts)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  private async writeHistory(feed: SchoolFeed): Promise<boolean> {
    const line = new ProgressLine(this.settings.json === true);
    const startMs = performance.now();
    const done = await feed.writeHistory(this.stopping.signal, (doneMs, totalMs) => line.update(hours('  writing the history', doneMs, totalMs)));
    line.end();
    if (done) this.report.wroteHistory(feed, (performance.now() - startMs) / 1000);
    return done;
  }

  private async runTopologies(): Promise<void> {
    const request = {
      region: this.settings.region,
      models: this.parts.models.models,
      monitor: this.parts.monitor,
      mode: 'follow',
      markerMs: simulatedSecondMs(this.settings.speed),
      stopped: this.stopping.signal,
      onProgress: ({ lag }: RunProgress): void => void (this.waiting = lag),
    } as const;
    await explainedRun(this.storage, this.topologies, request, (at) => folderInvocation(`topology plan ${this.topologies[at]!.name}`, this.settings));
  }

  /** Serves once the history is through the topologies, then lets the school live. */
  private async serve(feed: SchoolFeed): Promise<void> {
    if (!(await this.catchUp(feed))) return;
    const { region, data, port } = this.settings;
    const now = (): number => feed.simulatedNowMs();
    const reader = await startReader(this.storage, { region, data, ids: this.ids, now, models: this.modelsShown() });
    try {
      const url = await reader.listen({ port });
      await reader.client.caughtUp();
      this.report.serving(url, learnerToShow(reader.client, feed.busiest()));
      await feed.live({ pace: this.pace(), stopped: this.stopping.signal, isHeld: () => this.waiting > MOST_WAITING });
      this.report.stopping(feed.simulatedNowMs());
    } finally {
      await reader.close();
    }
  }

  /** Whether the topologies came to the end of the history, and were not stopped. */
  private async catchUp(feed: SchoolFeed): Promise<boolean> {
    const { region, json } = this.settings;
    const line = new ProgressLine(json === true);
    const startMs = performance.now();
    const fromMs = feed.options.startMs;
    const totalMs = feed.simulatedNowMs() - fromMs;
    const running = { region, ids: this.ids, stopped: this.stopping.signal, untilMs: feed.simulatedNowMs() };
    const figures = await caughtUp(this.storage, running, (timeMs) => line.update(hours('  running', Math.max(0, timeMs - fromMs), totalMs)));
    line.end();
    if (figures !== null) this.report.caughtUp(figures, (performance.now() - startMs) / 1000);
    return figures !== null;
  }

  /** What the page shows of models: a registry that is followed says itself what ranks. */
  private modelsShown(): { readonly place: string; readonly ranking: string | null } {
    const followed = followedPlace(this.settings);
    const modelRegistry = process.env['SKILLFORGE_MODEL_REGISTRY'];
    const { data } = this.settings;
    const place = followed ?? registryPlace(modelRegistry === undefined ? { data } : { data, modelRegistry });
    return { place, ranking: followed === null ? this.parts.models.ranking : null };
  }

  /** `name@version` of the topologies. */
  private get ids(): readonly string[] {
    return this.topologies.map(({ name, version }) => `${name}@${version}`);
  }

  private pace(): Pace {
    return { daysPerMinute: this.settings.speed, ticks: () => performance.now(), wall: () => Date.now() };
  }
}

/** Time of the school as work. */
const hours = (what: string, doneMs: number, totalMs: number): WorkDone => ({
  what,
  done: Math.floor(doneMs / HOUR_MS),
  total: Math.floor(totalMs / HOUR_MS),
  unit: 'hours of the school',
});
