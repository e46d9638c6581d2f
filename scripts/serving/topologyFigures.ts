/** How the topologies of a folder, or of a region on servers, are doing, as of the last commits of their tasks. */
import { physicalTopicName } from '../../schemas/index.js';
import type { ConsoleOverview, ConsolePart, ConsoleTopic, ConsoleTopology } from '../../reader/consoleSource.js';
import type { TaskCounters } from '../../runtime/engine/progress.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { deployedTopologies, readTasks, type Deployed, type DeployedTask } from '../commands/deployed.js';
import { Fresh } from './fresh.js';
import { Rates } from './rates.js';
import { leastOf, rangesOf, readingsOf, slowestOf, waitingIn, watermarkOf, type Reading } from './readings.js';

/** Which topologies are shown. */
export interface FigureOptions {
  readonly region: string;
  /** Ids (`name@version`) of those that run in this process. Without it, the newest version of each that ever ran in the folder. */
  readonly running?: (() => readonly string[]) | undefined;
  /** Clock of the rates, ms; one that never goes back. */
  readonly now?: (() => number) | undefined;
  /** Figures are taken anew after this time, ms, however many look (500). */
  readonly freshMs?: number;
}

const FRESH_MS = 500;

/** A topology with what its tasks committed. */
interface Shown {
  readonly deployed: Deployed;
  readonly tasks: readonly DeployedTask[];
  readonly readings: readonly Reading[];
}

/** What tasks committed is read from where they keep it, so it does not matter in which process they run. */
export class TopologyFigures {
  private readonly rates: Rates;
  private readonly latest: Fresh<ConsoleOverview>;

  constructor(
    private readonly tools: ToolAccess,
    private readonly options: FigureOptions,
  ) {
    const { now = () => performance.now(), freshMs = FRESH_MS } = options;
    this.rates = new Rates(now);
    this.latest = new Fresh(() => this.take(), freshMs, now);
  }

  overview(): Promise<ConsoleOverview> {
    return this.latest.get();
  }

  private async take(): Promise<ConsoleOverview> {
    const shown = await this.read();
    const topics = await this.topicsOf(shown);
    this.rates.sample(new Map([...shown.flatMap(countsOf), ...topics.map(({ name, appended }) => [appendedTo(name), appended] as const)]));
    return {
      topologies: shown.map((one) => this.topologyOf(one)),
      topics: topics.map((one) => ({ ...one, appendedPerSecond: this.rates.perSecond(appendedTo(one.name)) })),
    };
  }

  private async read(): Promise<Shown[]> {
    const all = await Promise.all(this.shown().map(async (deployed) => ({ deployed, tasks: await readTasks(this.tools, deployed) })));
    const readings = await readingsOf(
      this.tools,
      this.options.region,
      all.flatMap(({ tasks }) => tasks),
    );
    return all.map(({ deployed, tasks }) => {
      const own = new Set(tasks);
      return { deployed, tasks, readings: readings.filter(({ task }) => own.has(task)) };
    });
  }

  private shown(): Deployed[] {
    const all = deployedTopologies(this.tools);
    const running = this.options.running?.();
    if (running !== undefined) return all.filter(({ id }) => running.includes(id));
    // In order of name and version: the last of a name is the newest.
    return all.filter(({ graph: { name } }, index) => all[index + 1]?.graph.name !== name);
  }

  private topologyOf(shown: Shown): ConsoleTopology {
    const { deployed, tasks, readings } = shown;
    const { id, graph } = deployed;
    return {
      id,
      name: graph.name,
      version: graph.version,
      description: graph.description,
      tasks: tasks.length,
      reads: readsOf(deployed),
      writes: writesOf(deployed),
      recordsPerSecond: this.rates.perSecond(takenBy(id)),
      sentPerSecond: this.rates.perSecond(sentBy(id)),
      lag: waitingIn(readings),
      watermarkMs: watermarkOf(tasks),
      ended: tasks.length > 0 && tasks.every(({ progress }) => progress?.watermarkMs === Infinity),
      late: sumOf(tasks, 'late'),
      deadLetters: sumOf(tasks, 'deadLetters'),
      parts: graph.subtopologies.map((part) => this.partOf(shown, part)),
    };
  }

  private partOf({ deployed, tasks, readings }: Shown, { index, inputs }: Deployed['graph']['subtopologies'][number]): ConsolePart {
    const own = tasks.filter(({ subtopology }) => subtopology.index === index);
    const read = readings.filter(({ task }) => task.subtopology.index === index);
    return {
      index,
      tasks: own.length,
      reads: sorted(inputs.map(({ topic }) => topic)),
      recordsPerSecond: this.rates.perSecond(partOf(deployed.id, index)),
      lag: waitingIn(read),
      watermarkMs: watermarkOf(own),
      slowest: slowestOf(read),
    };
  }

  private async topicsOf(shown: readonly Shown[]): Promise<Omit<ConsoleTopic, 'appendedPerSecond'>[]> {
    const written = new Set(shown.flatMap(({ deployed }) => writesOf(deployed)));
    const names = sorted([...shown.flatMap(({ deployed }) => readsOf(deployed)), ...written]);
    const physical = (name: string): string => physicalTopicName(this.options.region, name);
    const ranges = await rangesOf(this.tools, names.map(physical));
    return names.flatMap((name) => {
      const partitions = ranges.get(physical(name));
      if (partitions === undefined) return [];
      const readings = shown.flatMap((one) => one.readings.filter(({ topic }) => topic === physical(name)));
      const isRead = readings.length > 0;
      return {
        name,
        partitions: partitions.length,
        written: written.has(name),
        appended: partitions.reduce((sum, { end }) => sum + end, 0),
        lag: isRead ? waitingIn(readings) : null,
        watermarkMs: isRead ? leastOf(readings.map(({ watermarkMs }) => watermarkMs)) : watermarkOf(writersOf(shown, name)),
      };
    });
  }
}

/** Logical names of the topics of others that a topology reads. */
const readsOf = ({ graph }: Deployed): string[] =>
  sorted(graph.subtopologies.flatMap(({ inputs }) => inputs.filter(({ internal }) => internal === null).map(({ topic }) => topic)));

/** Logical names of the topics that it writes for others. */
const writesOf = ({ graph }: Deployed): string[] => sorted(graph.subtopologies.flatMap(({ sinks }) => sinks.map(({ topic }) => topic)));

/** The tasks that write a topic. @param name - logical */
const writersOf = (shown: readonly Shown[], name: string): DeployedTask[] =>
  shown.flatMap(({ tasks }) => tasks.filter(({ subtopology: { sinks } }) => sinks.some(({ topic }) => topic === name)));

/** What rates are made of. */
function countsOf({ deployed: { id, graph }, tasks }: Shown): (readonly [string, number])[] {
  const parts = graph.subtopologies.map(({ index }) => {
    const own = tasks.filter(({ subtopology }) => subtopology.index === index);
    return [partOf(id, index), sumOf(own, 'records')] as const;
  });
  return [[takenBy(id), recordsTaken(tasks)], [sentBy(id), recordsSent(tasks)], ...parts];
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
const partOf = (topology: string, index: number): string => `part ${topology}/${index}`;
const appendedTo = (topic: string): string => `appended ${topic}`;

const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort();
