/** Gives what is written outside of any topology the schema ids of the region's registry. */
import { LocalSchemaIds, physicalTopicName, schemaOf, topicCodec, type Topic, type TopicCodec } from '../schemas/index.js';
import type { SchemaRegistry } from './ports.js';

/**
 * Has the schema of a topic kept by a registry, as workers do: from then on its ids are those that the registry gives.
 * @param schemas - `undefined` where there is no registry: nothing is done
 * @throws SFS_REGION_INVALID, and what {@link SchemaRegistry.register} throws
 */
export async function registerTopic(schemas: SchemaRegistry | undefined, region: string, topic: Topic<string, unknown>): Promise<void> {
  await schemas?.register(physicalTopicName(region, topic.name), topic.schemaName, schemaOf(topic));
}

/**
 * The codec of a topic for who writes to it: every client of the registry reads what it encodes.
 * @param schemas - `undefined` where there is no registry: ids are those of this package
 * @throws as {@link registerTopic}
 */
export async function registeredCodec<V>(schemas: SchemaRegistry | undefined, region: string, topic: Topic<string, V>): Promise<TopicCodec<V>> {
  await registerTopic(schemas, region, topic);
  // Only now: a codec asks for its id once.
  return topicCodec(topic, schemas ?? LocalSchemaIds.withAccepted());
}
