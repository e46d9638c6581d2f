/** The wire contract: schemas, generated types, topics, codecs. Imports nothing from other rooms. */
export * from './avro-schema.js';
export * from './codec.js';
export * from './compatibility.js';
export * from './envelope.js';
export * from './errors.js';
export * from './generated/types.js';
export * from './inventory/index.js';
export * from './keys.js';
export * from './load.js';
export * from './reasons.js';
export * from './schema-ids.js';
export * from './textHash.js';
export * from './topic-names.js';
export * from './topic.js';
export * from './topics.js';
export * from './traces.js';
export * from './value-schema.js';
