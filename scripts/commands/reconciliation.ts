/** Compares what lies in the log with what tasks counted. */
import { physicalTopicName, topics } from '../../schemas/index.js';
import { ERASED_DOCUMENT } from '../../runtime/embedded/erasedKeys.js';
import { isMarker, readHeader } from '../../runtime/engine/header.js';
import { decodeProgress, type TaskCounters } from '../../runtime/engine/progress.js';
import { toolsOf } from '../../runtime/localTools.js';
import type { LocalStorage, PartitionRange, ToolAccess, TopicSpec } from '../../runtime/ports.js';
import { deployedTopologies, findDeployed, inputsOf, readTasks, type Deployed, type DeployedTask, type TaskInput } from './deployed.js';
import { sumCounters } from './topologyRun.js';

/** The counts of the tasks of one subtopology. */
export interface SubtopologyCounts {
  /** `topology@version/subtopology`. */
  readonly subtopology: string;
  /** Physical names of its sources. */
  readonly reads: readonly string[];
  readonly inLog: number;
  readonly waiting: number;
  readonly processed: number;
  /** Dead letters in the log that its tasks wrote. */
  readonly lettersInLog: number;
  readonly counters: TaskCounters;
  /** What does not agree. */
  readonly problems: readonly string[];
  /** What cannot be counted any more, or not just now. */
  readonly uncountable: readonly string[];
}

interface InputCount {
  readonly processed: number;
  readonly waiting: number;
  /** Records that retention removed before they were processed. */
  readonly lost: number;
  /** Every record ever appended is still counted. */
  readonly complete: boolean;
}

/** The counts of a topology, or of all. @throws SFS_DEPLOYMENT_UNKNOWN */
export async function countsOf(opened: LocalStorage | ToolAccess, topology: string | undefined, region: string): Promise<SubtopologyCounts[]> {
  const tools = toolsOf(opened);
  const deployed = topology === undefined ? deployedTopologies(tools) : [findDeployed(tools, topology)];
  const taken: TaskGroup[] = [];
  for (const one of deployed) taken.push(...(await groupsOf(tools, one)));
  const log = new CountedLog(tools, await tools.topics());
  const letters = await lettersByProducer(log, region);
  // Commits that came while the log was read make its counts newer than the tasks'.
  const quiet = await areUnchanged(
    tools,
    taken.flatMap(({ tasks }) => tasks),
  );
  const counts: SubtopologyCounts[] = [];
  for (const group of taken) counts.push(await subtopologyCounts(log, region, group, { ...letters, complete: letters.complete && quiet }));
  return counts;
}

/** The log, whose topics and ranges are asked for once. */
class CountedLog {
  private readonly asked = new Map<string, Promise<PartitionRange[]>>();

  constructor(
    private readonly tools: ToolAccess,
    private readonly specs: readonly TopicSpec[],
  ) {}

  get isDense(): boolean {
    return this.tools.isDense;
  }

  /** Whether records of somebody were taken out, those that waited too. */
  get hasErased(): boolean {
    return this.tools.documents.get(ERASED_DOCUMENT) !== null;
  }

  specOf(topic: string): TopicSpec | undefined {
    return this.specs.find(({ name }) => name === topic);
  }

  async range(topic: string, partition: number): Promise<PartitionRange> {
    let ranges = this.asked.get(topic);
    if (ranges === undefined) this.asked.set(topic, (ranges = Promise.resolve(this.tools.ranges(topic))));
    return (await ranges)[partition]!;
  }

  records(topic: string, partition: number, from: number): ReturnType<ToolAccess['records']> {
    return this.tools.records(topic, partition, from);
  }
}

interface TaskGroup {
  readonly name: string;
  readonly tasks: readonly DeployedTask[];
}

interface Letters {
  readonly byProducer: ReadonlyMap<string, number>;
  readonly complete: boolean;
}

async function groupsOf(tools: ToolAccess, deployed: Deployed): Promise<TaskGroup[]> {
  const tasks = await readTasks(tools, deployed);
  return deployed.graph.subtopologies.map(({ index }) => ({
    name: `${deployed.id}/${index}`,
    tasks: tasks.filter((task) => task.subtopology.index === index),
  }));
}

async function areUnchanged(tools: ToolAccess, tasks: readonly DeployedTask[]): Promise<boolean> {
  for (const { name, progress } of tasks) {
    const bytes = await tools.tasks.progress(name);
    const records = bytes === null ? undefined : decodeProgress(bytes).counters.records;
    if (records !== progress?.counters.records) return false;
  }
  return true;
}

async function subtopologyCounts(log: CountedLog, region: string, { name, tasks }: TaskGroup, letters: Letters): Promise<SubtopologyCounts> {
  const inputs = tasks.flatMap((task) => inputsOf(region, task));
  const counted: InputCount[] = [];
  for (const input of inputs) counted.push(await countInput(log, input));
  const counters = sumCounters([EMPTY, ...tasks.flatMap((task) => task.progress?.counters ?? [])]);
  const [processed, waiting, lost] = (['processed', 'waiting', 'lost'] as const).map((part) =>
    counted.reduce((total, one) => total + one[part], 0),
  ) as [number, number, number];
  const complete = counted.every((one) => one.complete);
  const lettersInLog = letters.byProducer.get(name) ?? 0;
  return {
    subtopology: name,
    reads: [...new Set(inputs.map((input) => input.topic))],
    inLog: processed + waiting + lost,
    waiting,
    processed,
    lettersInLog,
    counters,
    problems: [
      ...(lost > 0 ? [`retention removed ${lost} records before they were processed`] : []),
      ...(complete && processed !== counters.records + counters.repeated
        ? [`${processed} records processed by their offsets, ${counters.records} counted and ${counters.repeated} passed over as repeated`]
        : []),
      ...(letters.complete && lettersInLog !== counters.deadLetters
        ? [`${counters.deadLetters} dead letters counted, ${lettersInLog} in the log`]
        : []),
    ],
    uncountable: [
      ...(complete ? [] : ['retention, compaction or an erasure removed records that were processed: their number cannot be compared']),
      ...(letters.complete ? [] : ['dead letters were removed by retention or an erasure, or a worker is writing: their number cannot be compared']),
    ],
  };
}

const EMPTY: TaskCounters = { records: 0, repeated: 0, timers: 0, outputs: 0, deadLetters: 0, late: 0, misses: 0, unmatched: 0 };

async function countInput(log: CountedLog, input: TaskInput): Promise<InputCount> {
  const spec = log.specOf(input.topic);
  if (spec === undefined) return { processed: 0, waiting: 0, lost: 0, complete: true };
  const isCompacted = spec.cleanup === 'compact';
  const isByOffsets = log.isDense && !input.source.derived && !isCompacted;
  const counted = await (isByOffsets ? countByOffsets(log, input) : countByReading(log, input, isCompacted));
  return log.hasErased ? { ...counted, complete: false } : counted;
}

/** Where every offset is a record, but for clock markers: those that were taken were counted, the others are looked for. */
async function countByOffsets(log: CountedLog, { topic, partition, channels }: TaskInput): Promise<InputCount> {
  const { start } = await log.range(topic, partition);
  const all = [...channels.values()];
  const next = Math.max(0, ...all.map((channel) => channel.next));
  const clocks = all.reduce((total, channel) => total + (channel.clocks ?? 0), 0);
  let waiting = 0;
  for await (const { header } of log.records(topic, partition, next)) if (!isMarker(header)) waiting++;
  return { processed: next - clocks, waiting, lost: Math.max(0, start - next), complete: true };
}

async function countByReading(log: CountedLog, { topic, partition, channels, source }: TaskInput, isCompacted: boolean): Promise<InputCount> {
  const { start, end } = await log.range(topic, partition);
  let [processed, waiting, offsets] = [0, 0, 0];
  for await (const { offset, header } of log.records(topic, partition, start)) {
    offsets++;
    if (isMarker(header)) continue;
    const producer = source.derived ? readHeader(header)?.producer : undefined;
    const channel = channels.get(producer === undefined ? 'external' : `${producer.name}#${producer.partition}`);
    if (offset < (channel?.next ?? 0)) processed++;
    else waiting++;
  }
  const isWhole = log.isDense ? offsets >= end : !isCompacted;
  return { processed, waiting, lost: 0, complete: start === 0 && isWhole };
}

async function lettersByProducer(log: CountedLog, region: string): Promise<Letters> {
  const topic = physicalTopicName(region, topics.deadLetters.name);
  const byProducer = new Map<string, number>();
  let complete = !log.hasErased;
  for (let partition = 0; partition < (log.specOf(topic)?.partitions ?? 0); partition++) {
    complete &&= (await log.range(topic, partition)).start === 0;
    for (const name of await letterProducers(log.records(topic, partition, 0))) byProducer.set(name, (byProducer.get(name) ?? 0) + 1);
  }
  return { byProducer, complete };
}

/** The producer of each letter. A task that went back to an earlier state writes its letters again, under the same ids. */
async function letterProducers(records: ReturnType<ToolAccess['records']>): Promise<string[]> {
  const ids = new Set<string>();
  const names: string[] = [];
  for await (const { key, header } of records) {
    const name = readHeader(header)?.producer.name;
    const id = `${name ?? ''} ${String(key)}`;
    if (name === undefined || ids.has(id)) continue;
    ids.add(id);
    names.push(name);
  }
  return names;
}
