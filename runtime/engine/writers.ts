import { SkillForgeError } from '../../schemas/index.js';
import type { StageNode } from '../../operators/builder.js';
import type { Channel } from './channel.js';
import type { Deployment } from './deployment.js';
import type { ProducerId } from './header.js';
import type { PartitionInput } from './partitionInput.js';

/** What the tasks of one worker write for each other: readers wait for the markers of these tasks, and of no others. */
export class Writers {
  private readonly owners = new Map<string, Deployment>();
  private readonly producers = new Map<string, ProducerId[]>();
  /** Topologies whose outputs come back to them through others. */
  private readonly inCycles: ReadonlySet<Deployment>;

  /**
   * @throws SFS_WRITER_TWICE for a derived topic that two of the topologies write: readers take the markers of one as complete
   * @throws SFS_TOPIC_NOT_DERIVED for a topic without markers that one writes and one reads: nothing would tell the reader that more is to come
   */
  constructor(deployments: readonly Deployment[]) {
    for (const deployment of deployments) this.claim(deployment);
    for (const reader of deployments) assertTold(reader, deployments);
    this.inCycles = new Set(deployments.filter((one) => this.upstreamOf(one).has(one)));
  }

  /** The tasks of this worker that write a topic, one of each subtopology. @param topic - physical name */
  of(topic: string): readonly ProducerId[] {
    return this.producers.get(topic) ?? [];
  }

  /** True where a task of this worker writes the channel. An older version of its topology does not: it may never speak again. */
  speakIn(input: PartitionInput, channel: Channel): boolean {
    const { topic, partition } = input.options;
    return this.of(topic).some(({ name }) => channel.id.startsWith(`${topic}/${partition}/${name}#`));
  }

  /** True where the writer of a topic may be waiting for its readers. */
  isInCycle(topic: string): boolean {
    const owner = this.owners.get(topic);
    return owner !== undefined && this.inCycles.has(owner);
  }

  /** The topologies whose outputs come to this one, through others too. Not itself by what it repartitions. */
  private upstreamOf(deployment: Deployment, found = new Set<Deployment>()): Set<Deployment> {
    for (const { source } of stagesOf(deployment)) {
      const owner = source === undefined ? undefined : this.owners.get(deployment.physicalName(source.topic));
      if (owner === undefined || owner === deployment || found.has(owner)) continue;
      found.add(owner);
      this.upstreamOf(owner, found);
    }
    return found;
  }

  private claim(deployment: Deployment): void {
    for (const stage of stagesOf(deployment)) {
      if (!stage.target?.derived) continue;
      const topic = deployment.physicalName(stage.target);
      const owner = this.owners.get(topic) ?? deployment;
      if (owner !== deployment)
        throw new SkillForgeError('SFS_WRITER_TWICE', `two topologies of this worker write ${topic}; a derived topic has one writer`);
      this.owners.set(topic, deployment);
      this.add(topic, deployment, stage);
    }
  }

  private add(topic: string, deployment: Deployment, stage: StageNode): void {
    const subtopology = deployment.graph.subtopologies.find((one) => one.stageIds.includes(stage.id))!;
    const producer = deployment.producer(subtopology, 0);
    const known = this.of(topic);
    if (known.every(({ name }) => name !== producer.name)) this.producers.set(topic, [...known, producer]);
  }
}

/** Without markers a reader that has come to the end of the log ends, or takes the topic for silent, before the writer has run. */
function assertTold(reader: Deployment, deployments: readonly Deployment[]): void {
  for (const { source } of stagesOf(reader)) {
    if (source === undefined || source.topic.derived) continue;
    const { name } = source.topic;
    const writer = deployments.find((one) => stagesOf(one).some(({ target }) => target?.name === name));
    if (writer === undefined) continue;
    throw new SkillForgeError(
      'SFS_TOPIC_NOT_DERIVED',
      `${writer.id} writes topic ${name} and ${reader.id} reads it in the same worker, which would not know when all is written: ` +
        'declare the topic with `derived: true`, or run the two one after the other',
      { context: { topic: name, writer: writer.id, reader: reader.id } },
    );
  }
}

const stagesOf = (deployment: Deployment): readonly StageNode[] => deployment.topology.build().stages;
