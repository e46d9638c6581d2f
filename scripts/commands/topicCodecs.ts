/** Finds topics by the names that people use, and decodes their records. */
import {
  LocalSchemaIds,
  SkillForgeError,
  parsePhysicalTopicName,
  topicCodec,
  topics,
  type AvroRecord,
  type SchemaIds,
  type Topic,
} from '../../schemas/index.js';
import { topicSchemaDocument } from '../../schemas/learnerKeys.js';
import type { Topology } from '../../operators/topology.js';
import type { Deployment } from '../../runtime/engine/deployment.js';
import type { Storage, TopicSpec } from '../../runtime/ports.js';
import type { ValueDecoder } from '../../runtime/replay/sides.js';

/** Keeps the schemas of topics that are not in the catalogue (users' own, internal ones) beside the log, so that tools can read them. */
export async function keepTopicSchemas(storage: Pick<Storage, 'documents'>, deployments: readonly Deployment[]): Promise<void> {
  for (const deployment of deployments) {
    for (const topic of topicsOf(deployment.topology)) {
      if (topic.schema === undefined) continue;
      const name = topicSchemaDocument(deployment.physicalName(topic));
      const schema = Buffer.from(JSON.stringify(topic.schema));
      if (storage.documents.get(name)?.equals(schema) !== true) await storage.documents.put(name, schema);
    }
  }
}

/** Every topic that a topology reads or writes, internal ones included. */
export function topicsOf(topology: Topology): Topic<string, unknown>[] {
  return topology.build().stages.flatMap((stage) => [stage.source?.topic, stage.target].filter((topic) => topic !== undefined));
}

/** A topic of those that there are, by its physical or logical name. @throws SFS_TOPIC_UNKNOWN with their names */
export function findTopic<Spec extends Pick<TopicSpec, 'name'>>(specs: readonly Spec[], region: string, name: string): Spec {
  const found = specs.find((spec) => spec.name === name) ?? specs.find((spec) => spec.name === `${region}.${name}`);
  if (found !== undefined) return found;
  throw topicUnknown(specs, region, name);
}

/** What is thrown where there is no such topic: it names those that there are. */
export function topicUnknown(specs: readonly Pick<TopicSpec, 'name'>[], region: string, name: string): SkillForgeError {
  const known =
    specs
      .map((spec) => spec.name)
      .sort()
      .join(', ') || 'none';
  return new SkillForgeError('SFS_TOPIC_UNKNOWN', `there is no topic ${name} in region ${region}; known are ${known}`, {
    context: { topic: name, region },
  });
}

/** Schemas are kept in documents, and in a registry where there is one. */
type Documents = Readonly<{ documents: Pick<Storage['documents'], 'get'>; schemas?: SchemaIds | undefined }>;

/** What is known of a topic by its physical name: from the catalogue, or kept here when a topology that declares it ran; else `null`. */
export function knownTopic(storage: Documents, physicalName: string): Topic<string, unknown> | null {
  return catalogueTopic(physicalName) ?? keptTopic(storage, physicalName);
}

/** The decoder of a topic's values; `null` when its schema is not known here: then only the bytes can be shown. */
export function decoderOf(storage: Documents, physicalName: string): ValueDecoder | null {
  const topic = knownTopic(storage, physicalName);
  if (topic === null) return null;
  const codec = topicCodec(topic, storage.schemas ?? LocalSchemaIds.withAccepted());
  return (key, value) => codec.decode(key, value);
}

/** What the name of a topic ends in that belongs to one version of the topology that writes it. */
const VERSION = /\.v[1-9]\d*$/;

function catalogueTopic(physicalName: string): Topic<string, unknown> | null {
  const name = parsePhysicalTopicName(physicalName).name.replace(VERSION, '');
  return (Object.values(topics).find((topic) => topic.name === name) as Topic<string, unknown> | undefined) ?? null;
}

function keptTopic(storage: Documents, physicalName: string): Topic<string, unknown> | null {
  const kept = storage.documents.get(topicSchemaDocument(physicalName));
  if (kept === null) return null;
  const schema = JSON.parse(kept.toString()) as AvroRecord;
  const rest = { partitions: 1, cleanup: 'delete', retentionMs: null, keyFields: [], derived: false, description: '' } as const;
  return { name: physicalName, schemaName: schema.name, schema, ...rest };
}
