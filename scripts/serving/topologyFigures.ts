/** How the topologies of a folder are doing, as of the last commits of their tasks. */
import { physicalTopicName } from '../../schemas/index.js';
import type { ConsoleOverview, ConsoleTopic, ConsoleTopology } from '../../reader/consoleSource.js';
import type { TaskCounters } from '../../runtime/engine/progress.js';
import type { LocalStorage } from '../../runtime/ports.js';
import { deployedTopologies, inputsOf, tasksOf, type Deployed, type DeployedTask } from '../commands/deployed.js';
import { Rates } from './rates.js';

/** Which topologies are shown. */
export interface FigureOptions {
  readonly region: string;
  /** Ids (`name@version`) of those that run in this process. Without it, the newest version of each that ever ran in the folder. */
  readonly running?: (() => readonly string[]) | undefined;
  /** Clock of the rates, ms; one that never goes back. */
  readonly now?: (() => number) | undefined;
}

/** Figures are taken anew after this time, ms, however many look. */
const FRESH_MS = 500;

/** What tasks committed is read from the storage, so it does not matter in which process they run. */
export class TopologyFigures {
  private readonly rates: Rates;
  private readonly now: () => number;
  private latest: { readonly atMs: number; readonly overview: ConsoleOverview } | null = null;

  constructor(
    private readonly storage: LocalStorage,
    private readonly options: FigureOptions,
  ) {
    this.now = options.now ?? (() => performance.now());
    this.rates = new Rates(this.now);
  }

  overview(): ConsoleOverview {
    const atMs = this.now();
    if (this.latest === null || atMs - this.latest.atMs >= FRESH_MS) this.latest = { atMs, overview: this.take() };
    return this.latest.overview;
  }

  private take(): ConsoleOverview {
    const shown = this.shown().map((deployed) => ({ deployed, tasks: tasksOf(this.storage, deployed) }));
    const topologies = shown.map(({ deployed, tasks }) => this.topologyOf(deployed, tasks));
    const topics = this.topicsOf(topologies);
    const counts = shown.flatMap(({ deployed: { id }, tasks }) => [
      [takenBy(id), recordsTaken(tasks)] as const,
      [sentBy(id), recordsSent(tasks)] as const,
    ]);
    this.rates.sample(new Map([...counts, ...topics.map(({ name, appended }) => [appendedTo(name), appended] as const)]));
    const rate = (name: string): number | null => this.rates.perSecond(name);
    return {
      topologies: topologies.map((one) => ({ ...one, recordsPerSecond: rate(takenBy(one.id)), sentPerSecond: rate(sentBy(one.id)) })),
      topics: topics.map((one) => ({ ...one, appendedPerSecond: rate(appendedTo(one.name)) })),
    };
  }

  private shown(): Deployed[] {
    const all = deployedTopologies(this.storage);
    const running = this.options.running?.();
    if (running !== undefined) return all.filter(({ id }) => running.includes(id));
    // In order of name and version: the last of a name is the newest.
    return all.filter(({ graph: { name } }, index) => all[index + 1]?.graph.name !== name);
  }

  private topologyOf({ id, graph }: Deployed, tasks: readonly DeployedTask[]): Omit<ConsoleTopology, 'recordsPerSecond' | 'sentPerSecond'> {
    const watermarks = tasks.map(({ progress }) => progress?.watermarkMs ?? -Infinity);
    const leastMs = Math.min(...watermarks.filter((watermarkMs) => watermarkMs !== -Infinity));
    return {
      id,
      name: graph.name,
      version: graph.version,
      description: graph.description,
      tasks: tasks.length,
      reads: sorted(graph.subtopologies.flatMap(({ inputs }) => inputs.filter(({ internal }) => internal === null).map(({ topic }) => topic))),
      writes: sorted(graph.subtopologies.flatMap(({ sinks }) => sinks.map(({ topic }) => topic))),
      lag: this.lagOf(tasks),
      watermarkMs: Number.isFinite(leastMs) ? leastMs : null,
      ended: watermarks.length > 0 && watermarks.every((watermarkMs) => watermarkMs === Infinity),
      late: sumOf(tasks, 'late'),
      deadLetters: sumOf(tasks, 'deadLetters'),
    };
  }

  /** A partition that several tasks read counts once, as far as the slowest of them is. */
  private lagOf(tasks: readonly DeployedTask[]): number {
    const lags = new Map<string, number>();
    for (const { topic, partition, channels } of tasks.flatMap((task) => inputsOf(this.options.region, task))) {
      const { start, end } = this.storage.log.range(topic, partition);
      const next = channels.size === 0 ? start : Math.min(...[...channels.values()].map((channel) => channel.next));
      const place = `${topic}/${partition}`;
      lags.set(place, Math.max(lags.get(place) ?? 0, end - next));
    }
    return [...lags.values()].reduce((sum, lag) => sum + lag, 0);
  }

  private topicsOf(topologies: readonly Pick<ConsoleTopology, 'reads' | 'writes'>[]): Omit<ConsoleTopic, 'appendedPerSecond'>[] {
    const written = new Set(topologies.flatMap(({ writes }) => writes));
    const specs = new Map(this.storage.log.topics().map((spec) => [spec.name, spec]));
    return sorted([...topologies.flatMap(({ reads }) => reads), ...written]).flatMap((name) => {
      const spec = specs.get(physicalTopicName(this.options.region, name));
      if (spec === undefined) return [];
      const ends = Array.from({ length: spec.partitions }, (_, partition) => this.storage.log.range(spec.name, partition).end);
      return { name, partitions: spec.partitions, written: written.has(name), appended: ends.reduce((sum, end) => sum + end, 0) };
    });
  }
}

/** Records that came from outside: what the tasks of a topology pass on to each other is left out. */
function recordsTaken(tasks: readonly DeployedTask[]): number {
  const first = tasks.filter(({ subtopology: { inputs } }) => inputs.some(({ internal, scope }) => internal === null && scope === 'task'));
  return sumOf(first.length > 0 ? first : tasks, 'records');
}

/** Records of the tasks that write topics which others can read. */
const recordsSent = (tasks: readonly DeployedTask[]): number =>
  sumOf(
    tasks.filter(({ subtopology: { sinks } }) => sinks.length > 0),
    'outputs',
  );

const sumOf = (tasks: readonly DeployedTask[], name: keyof TaskCounters): number =>
  tasks.reduce((sum, { progress }) => sum + (progress?.counters[name] ?? 0), 0);

const takenBy = (topology: string): string => `taken ${topology}`;
const sentBy = (topology: string): string => `sent ${topology}`;
const appendedTo = (topic: string): string => `appended ${topic}`;

const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort();
