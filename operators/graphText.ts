import {
  stageOf,
  taskCount,
  type GraphSource,
  type GraphStage,
  type InternalTopic,
  type Json,
  type Subtopology,
  type TopologyGraph,
} from './graph.js';

/** A line of a tree with the lines below it. */
interface Branch {
  readonly text: string;
  readonly children: readonly Branch[];
}

/**
 * A graph as a tree for people: each subtopology from its sources to its sinks. A stage that reads several streams
 * stands below the first one, and is only named below the others.
 */
export function graphAsText(graph: TopologyGraph): string {
  const title = `${graph.name}, version ${graph.version}${graph.description === '' ? '' : `: ${graph.description}`}`;
  const sections = [
    ...graph.subtopologies.map((one) => subtopologyBranch(graph, one)),
    ...section('internal topics', graph.internalTopics.map(internalTopicText)),
    ...section('warnings', graph.warnings),
  ];
  const lines = sections.flatMap((one) => ['', one.text, ...treeLines(one.children, '')]);
  return [title, `${counted(taskCount(graph), 'task')}, fingerprint ${graph.fingerprint}`, ...lines, ''].join('\n');
}

function section(text: string, lines: readonly string[]): Branch[] {
  return lines.length === 0 ? [] : [{ text, children: lines.map((line) => ({ text: line, children: [] })) }];
}

function treeLines(branches: readonly Branch[], indent: string): string[] {
  return branches.flatMap((branch, index) => {
    const isLast = index === branches.length - 1;
    return [`${indent}${isLast ? '└─ ' : '├─ '}${branch.text}`, ...treeLines(branch.children, `${indent}${isLast ? '   ' : '│  '}`)];
  });
}

function subtopologyBranch(graph: TopologyGraph, subtopology: Subtopology): Branch {
  const stages = subtopology.stageIds.map((id) => stageOf(graph, id));
  const shown = new Set<string>();
  const branchOf = (stage: GraphStage, edge: string): Branch => {
    if (shown.has(stage.id)) return { text: `${edge}${stage.id} (above)`, children: [] };
    shown.add(stage.id);
    const below = readersOf(stage, stages).map(({ reader, edge: through }) => branchOf(reader, through));
    return { text: `${edge}${stageText(stage, subtopology)}`, children: [...detailBranches(stage), ...below] };
  };
  const roots = stages.filter((stage) => stage.inputs.length === 0);
  return { text: `subtopology ${subtopology.index}, ${counted(subtopology.partitions, 'task')}`, children: roots.map((root) => branchOf(root, '')) };
}

/** Stages that read an output of `stage`, with what lies between. */
function readersOf(stage: GraphStage, stages: readonly GraphStage[]): { readonly reader: GraphStage; readonly edge: string }[] {
  return stages.flatMap((reader) =>
    reader.inputs.filter((input) => input.stage === stage.id).map((input) => ({ reader, edge: edgeText(stage.ports[input.port]!, input.through) })),
  );
}

function edgeText(port: string, through: number): string {
  return `${port === 'out' ? '' : `[${port}] `}${through === 0 ? '' : `through ${counted(through, 'RxJS operator')} to `}`;
}

function stageText(stage: GraphStage, subtopology: Subtopology): string {
  const source = subtopology.inputs.find((input) => input.stageId === stage.id);
  const details = source ? sourceText(source) : [...parametersText(stage), ...targetText(stage)];
  const shape = stage.parameters['shape'];
  return [`${stage.id}: ${typeof shape === 'string' ? shape : stage.kind}`, ...details].join(', ');
}

function detailBranches(stage: GraphStage): Branch[] {
  const aggregates = stage.parameters['aggregates'];
  const lines = [
    ...(isObject(aggregates)
      ? [
          `aggregates ${Object.entries(aggregates)
            .map(([as, of]) => aggregateText(as, of))
            .join(', ')}`,
        ]
      : []),
    ...stage.stores.map((store) => `store ${store.name}`),
  ];
  return lines.map((text) => ({ text, children: [] }));
}

function sourceText(source: GraphSource): string[] {
  const partitions = counted(source.partitions, 'partition');
  if (source.internal) return [`topic ${source.topic}`, partitions];
  return [
    source.topic === source.stageId ? partitions : `topic ${source.topic}, ${partitions}`,
    `event time by ${source.eventTime}`,
    `lateness ${durationText(source.latenessMs)}`,
    `idle after ${durationText(source.idleMs)}`,
    `at most ${durationText(source.maxAheadMs)} ahead`,
  ];
}

function targetText(stage: GraphStage): string[] {
  return stage.topic === null ? [] : [`writes ${stage.topic}`];
}

/** Shown elsewhere (shape, topic, aggregates), too long (Avro shapes, initial state), or a consequence of others (panes). */
const NOT_SHOWN = new Set(['shape', 'topic', 'aggregates', 'value', 'initial', 'paneMs']);

function parametersText(stage: GraphStage): string[] {
  return Object.entries(stage.parameters)
    .filter(([name, value]) => !NOT_SHOWN.has(name) && !(name === 'graceMs' && value === 0))
    .map(([name, value]) => `${name.replace(/Ms$/, '')} ${valueText(name, value)}`);
}

function valueText(name: string, value: Json): string {
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => valueText(name, item)).join('/');
  if (typeof value === 'number' && name.endsWith('Ms')) return durationText(value);
  if (isObject(value))
    return Object.entries(value)
      .map(([key, part]) => `${key.replace(/Ms$/, '')} ${valueText(key, part)}`)
      .join(' ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** `clicks=sum`, or `top=topK(k 5)`. */
function aggregateText(as: string, of: Json): string {
  if (!isObject(of)) return as;
  const { aggregate, ...rest } = of;
  const options = Object.entries(rest).map(([name, value]) => `${name.replace(/Ms$/, '')} ${valueText(name, value)}`);
  return `${as}=${valueText('aggregate', aggregate ?? null)}${options.length === 0 ? '' : `(${options.join(' ')})`}`;
}

const isObject = (value: Json | undefined): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function internalTopicText(topic: InternalTopic): string {
  return `${topic.name}: ${topic.kind}, ${counted(topic.partitions, 'partition')}, ${topic.writer} → ${topic.reader}`;
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** Milliseconds in the greatest unit that divides them: `90 min`, `7 d`, `1500 ms`. */
export function durationText(ms: number): string {
  const unit = UNITS.find(([, size]) => ms > 0 && ms % size === 0);
  return unit ? `${ms / unit[1]} ${unit[0]}` : `${ms} ms`;
}

/**
 * A graph as a Mermaid flowchart: a frame for each subtopology, stores as cylinders, topics as slanted boxes.
 * @see https://mermaid.js.org/syntax/flowchart.html
 */
export function graphAsMermaid(graph: TopologyGraph): string {
  const topics = [...new Set(graph.subtopologies.flatMap((one) => [...one.inputs.map((input) => input.topic), ...topicsWritten(graph, one)]))];
  const topicNode = (name: string): string => `topic${topics.indexOf(name)}`;
  return [
    'flowchart LR',
    ...topics.map((name) => `  ${topicNode(name)}[/${quoted(name)}/]`),
    ...graph.subtopologies.flatMap((one) => subtopologyMermaid(graph, one)),
    ...graph.subtopologies.flatMap((one) => topicEdges(graph, one, topicNode)),
    '',
  ].join('\n');
}

function topicsWritten(graph: TopologyGraph, subtopology: Subtopology): string[] {
  return writers(graph, subtopology).map((stage) => stage.topic!);
}

/** Stages that write a topic: sinks, and the last stages before an internal topic. */
function writers(graph: TopologyGraph, subtopology: Subtopology): GraphStage[] {
  const stages = subtopology.stageIds.map((id) => stageOf(graph, id));
  return stages.filter((stage) => stage.topic !== null && !subtopology.inputs.some((input) => input.stageId === stage.id));
}

/** Ids of nodes are positions: stage ids may hold dots and words that Mermaid keeps for itself. A global table has a node in each frame. */
const stageNode = (subtopology: Subtopology, stageId: string): string => `stage${subtopology.index}x${subtopology.stageIds.indexOf(stageId)}`;

function subtopologyMermaid(graph: TopologyGraph, subtopology: Subtopology): string[] {
  const stages = subtopology.stageIds.map((id) => stageOf(graph, id));
  return [
    `  subgraph sub${subtopology.index}[${quoted(`subtopology ${subtopology.index}, ${counted(subtopology.partitions, 'task')}`)}]`,
    ...stages.map((stage) => `    ${stageNode(subtopology, stage.id)}[${quoted(`${stage.id}: ${stage.kind}`)}]`),
    ...stages.flatMap((stage) => storeLines(subtopology, stage)),
    ...stages.flatMap((stage) => stage.inputs.map((input) => edgeLine(graph, subtopology, stage, input))),
    '  end',
  ];
}

function storeLines(subtopology: Subtopology, stage: GraphStage): string[] {
  const node = stageNode(subtopology, stage.id);
  return stage.stores.flatMap((store, index) => [`    ${node}store${index}[(${quoted(store.name)})]`, `    ${node} -.- ${node}store${index}`]);
}

function edgeLine(graph: TopologyGraph, subtopology: Subtopology, stage: GraphStage, input: GraphStage['inputs'][number]): string {
  const port = stageOf(graph, input.stage).ports[input.port]!;
  const label = [...(port === 'out' ? [] : [port]), ...(input.through === 0 ? [] : [counted(input.through, 'RxJS operator')])].join(', ');
  return `    ${stageNode(subtopology, input.stage)} -->${label === '' ? '' : `|${quoted(label)}|`} ${stageNode(subtopology, stage.id)}`;
}

function topicEdges(graph: TopologyGraph, subtopology: Subtopology, topicNode: (name: string) => string): string[] {
  return [
    ...subtopology.inputs.map((input) => `  ${topicNode(input.topic)} --> ${stageNode(subtopology, input.stageId)}`),
    ...writers(graph, subtopology).map((stage) => `  ${stageNode(subtopology, stage.id)} --> ${topicNode(stage.topic!)}`),
  ];
}

/** A Mermaid text in quotes; quotation marks within become its entity. */
const quoted = (text: string): string => `"${text.replaceAll('"', '#quot;')}"`;
