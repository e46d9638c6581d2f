import type { StageNode, TopologyBuilder } from '../../operators/builder.js';
import type { Topology } from '../../operators/topology.js';
import type { Topic } from '../../schemas/index.js';

/** The same topology over topics of at most `most` partitions: topics that agreed before still do. */
export function fewerPartitions(topology: Topology, most: number): Topology {
  return { ...topology, build: (setting) => reduced(topology.build(setting), most) };
}

/** A topic with at most `most` partitions. An internal topic whose count follows its sources stays as it is. */
export function fewerOf<K extends string, V>(topic: Topic<K, V>, most: number): Topic<K, V> {
  return topic.partitions <= most ? topic : { ...topic, partitions: most };
}

function reduced(builder: TopologyBuilder, most: number): TopologyBuilder {
  const stages = builder.stages.map((stage) => reducedStage(stage, most));
  return Object.create(builder, { stages: { get: () => stages } }) as TopologyBuilder;
}

function reducedStage(stage: StageNode, most: number): StageNode {
  const { source, target } = stage;
  return {
    ...stage,
    ...(source ? { source: { ...source, topic: fewerOf(source.topic, most) } } : {}),
    ...(target ? { target: fewerOf(target, most) } : {}),
  };
}
