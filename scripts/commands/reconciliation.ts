/** Compares what lies in the log with what tasks counted. */
import { physicalTopicName, topics } from '../../schemas/index.js';
import { isMarker, readHeader } from '../../runtime/engine/header.js';
import type { TaskCounters } from '../../runtime/engine/progress.js';
import type { LocalStorage } from '../../runtime/ports.js';
import { deployedTopologies, findDeployed, inputsOf, tasksOf, type Deployed, type DeployedTask, type TaskInput } from './deployed.js';
import { partitionRecords } from './logReading.js';
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
export function countsOf(storage: LocalStorage, topology: string | undefined, region: string): SubtopologyCounts[] {
  const deployed = topology === undefined ? deployedTopologies(storage) : [findDeployed(storage, topology)];
  const taken = deployed.flatMap((one) => groupsOf(storage, one));
  const letters = lettersByProducer(storage, region);
  // Commits that came while the log was read make its counts newer than the tasks'.
  const quiet = taken.every((group) => group.tasks.every((task) => isUnchanged(storage, task)));
  return taken.map((group) => subtopologyCounts(storage, region, group, { ...letters, complete: letters.complete && quiet }));
}

interface TaskGroup {
  readonly name: string;
  readonly tasks: readonly DeployedTask[];
}

interface Letters {
  readonly byProducer: ReadonlyMap<string, number>;
  readonly complete: boolean;
}

function groupsOf(storage: LocalStorage, deployed: Deployed): TaskGroup[] {
  const tasks = tasksOf(storage, deployed);
  return deployed.graph.subtopologies.map(({ index }) => ({
    name: `${deployed.id}/${index}`,
    tasks: tasks.filter((task) => task.subtopology.index === index),
  }));
}

function isUnchanged(storage: LocalStorage, { name, progress }: DeployedTask): boolean {
  const bytes = storage.tasks.progress(name);
  return bytes === null
    ? progress === null
    : (JSON.parse(bytes.toString()) as { counters: TaskCounters }).counters.records === progress?.counters.records;
}

function subtopologyCounts(storage: LocalStorage, region: string, { name, tasks }: TaskGroup, letters: Letters): SubtopologyCounts {
  const inputs = tasks.flatMap((task) => inputsOf(region, task));
  const counted = inputs.map((input) => countInput(storage, input));
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
      ...(complete && processed !== counters.records ? [`${processed} records processed by their offsets, ${counters.records} counted`] : []),
      ...(letters.complete && lettersInLog !== counters.deadLetters
        ? [`${counters.deadLetters} dead letters counted, ${lettersInLog} in the log`]
        : []),
    ],
    uncountable: [
      ...(complete ? [] : ['retention or compaction removed records that were processed: their number cannot be compared']),
      ...(letters.complete ? [] : ['dead letters were removed by retention, or a worker is writing: their number cannot be compared']),
    ],
  };
}

const EMPTY: TaskCounters = { records: 0, timers: 0, outputs: 0, deadLetters: 0, late: 0, misses: 0, unmatched: 0 };

function countInput(storage: LocalStorage, input: TaskInput): InputCount {
  if (!storage.log.topics().some((spec) => spec.name === input.topic)) return { processed: 0, waiting: 0, lost: 0, complete: true };
  const spec = storage.log.topics().find((one) => one.name === input.topic)!;
  return input.source.derived || spec.cleanup === 'compact' ? countByReading(storage, input) : countByOffsets(storage, input);
}

/** Without compaction every offset is a record, but for clock markers: those that were taken were counted, the others are looked for. */
function countByOffsets(storage: LocalStorage, { topic, partition, channels }: TaskInput): InputCount {
  const { start } = storage.log.range(topic, partition);
  const all = [...channels.values()];
  const next = Math.max(0, ...all.map((channel) => channel.next));
  const clocks = all.reduce((total, channel) => total + (channel.clocks ?? 0), 0);
  let waiting = 0;
  for (const { header } of partitionRecords(storage, topic, partition, next)) if (!isMarker(header)) waiting++;
  return { processed: next - clocks, waiting, lost: Math.max(0, start - next), complete: true };
}

function countByReading(storage: LocalStorage, { topic, partition, channels, source }: TaskInput): InputCount {
  const { start, end } = storage.log.range(topic, partition);
  let [processed, waiting, offsets] = [0, 0, 0];
  for (const { offset, header } of partitionRecords(storage, topic, partition, start)) {
    offsets++;
    if (isMarker(header)) continue;
    const producer = source.derived ? readHeader(header)?.producer : undefined;
    const channel = channels.get(producer === undefined ? 'external' : `${producer.name}#${producer.partition}`);
    if (offset < (channel?.next ?? 0)) processed++;
    else waiting++;
  }
  return { processed, waiting, lost: 0, complete: start === 0 && offsets >= end };
}

function lettersByProducer(storage: LocalStorage, region: string): Letters {
  const topic = physicalTopicName(region, topics.deadLetters.name);
  const spec = storage.log.topics().find((one) => one.name === topic);
  const byProducer = new Map<string, number>();
  let complete = true;
  for (let partition = 0; partition < (spec?.partitions ?? 0); partition++) {
    complete &&= storage.log.range(topic, partition).start === 0;
    for (const { header } of partitionRecords(storage, topic, partition, 0)) {
      const name = readHeader(header)?.producer.name;
      if (name !== undefined) byProducer.set(name, (byProducer.get(name) ?? 0) + 1);
    }
  }
  return { byProducer, complete };
}
