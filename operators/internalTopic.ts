import type { AvroRecord, Topic } from '../schemas/index.js';
import { INTERNAL_NAMESPACE, withRecordNames } from '../schemas/record-names.js';
import { attach } from './attach.js';
import type { BatchWork } from './stage.js';
import { minutes } from './duration.js';
import { upstreamOf } from './stage.js';
import type { Records, StreamRecord } from './record.js';
import type { ValueSchema } from './schema.js';

/** Values of an internal topic travel in a record of one field, so that any schema can. */
export interface Carried<V> {
  readonly value: V;
}

/** An internal topic: what it carries, how it is keyed, and what is done with what is read back. */
export interface InternalTopicOptions<V> {
  readonly id: string;
  readonly kind: 'repartition' | 'batch';
  readonly value: ValueSchema<V>;
  readonly partitions: number | undefined;
  readonly idleMs?: number;
  readonly keyOf?: (record: StreamRecord<string, V>) => string;
  readonly batch?: BatchWork;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/**
 * Sends a stream through a topic of the topology's own and reads it back as a source of the next subtopology.
 * The topic carries the markers of every task that writes it, so nobody is late because another task is slow.
 */
export function throughInternalTopic<K extends string, V, R>(source: Records<string, V>, options: InternalTopicOptions<V>): Records<K, R> {
  const { id, kind } = options;
  const builder = upstreamOf(source).output.owner;
  const topic = internalTopic(`${builder.name}.v${builder.version}.${id}`, options.value, options.partitions ?? 0);
  attach([source], {
    id,
    kind,
    parameters: { ...options.parameters, value: options.value.avro },
    stores: [],
    ports: ['out'],
    target: topic,
    create: (context) => ({
      onRecord: (record) => {
        const key = options.keyOf ? options.keyOf(record as StreamRecord<string, V>) : record.key;
        context.send(topic, { key, value: { value: record.value }, timestamp: record.timestamp });
      },
    }),
  });
  const [output] = builder.add(
    {
      id: `${id}.source`,
      kind: 'source',
      parameters: { topic: topic.name },
      stores: [],
      ports: ['out'],
      create: () => ({ onRecord: () => undefined }),
      source: {
        topic,
        latenessMs: 0,
        idleMs: options.idleMs ?? minutes(1),
        maxAheadMs: Number.MAX_SAFE_INTEGER,
        scope: 'task',
        holdsWatermark: true,
        internal: kind,
        ...(options.batch ? { batch: options.batch } : {}),
      },
    },
    [],
  );
  return output as unknown as Records<K, R>;
}

/** `partitions` 0 stands for "as many as the sources of the topology": `plan` settles it. */
function internalTopic(name: string, value: ValueSchema<unknown>, partitions: number): Topic<string, unknown> {
  // A registry takes no record without a name.
  const carried = { name: 'value', type: withRecordNames(value.avro, 'Carried_value') };
  const schema: AvroRecord = { type: 'record', name: 'Carried', namespace: INTERNAL_NAMESPACE, fields: [carried] };
  return {
    name,
    schemaName: schema.name,
    schema,
    partitions,
    cleanup: 'delete',
    retentionMs: null,
    keyFields: [],
    derived: true,
    description: 'internal',
  };
}
