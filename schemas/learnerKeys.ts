/** Which topics have the pseudonym of a learner for a key: an erasure must not touch an item that happens to be called as a learner is. */
import type { AvroRecord, AvroSchema } from './avro-schema.js';
import { KEY_SEPARATOR } from './keys.js';
import { INTERNAL_NAMESPACE } from './record-names.js';
import { parsePhysicalTopicName } from './topic-names.js';
import { topics } from './topics.js';

/** What the name of a topic ends in that belongs to one version of the topology that writes it. */
const VERSION = /\.v[1-9]\d*$/;
const FIELD = 'learner';
/** Names of fields that hold learners where no schema gives a class. */
const LEARNER_NAME = /learner/i;

/** Whether fields of this name hold pseudonyms of learners, for what has no class: state, and files. */
export const isLearnerName = (name: string): boolean => LEARNER_NAME.test(name);

/** Whether a schema that gives no classes, as those of rows, has fields for learners. */
export function namesLearners(schema: AvroSchema): boolean {
  let isFound = false;
  JSON.stringify(schema, (key, value: unknown) => {
    if (key === 'name' && typeof value === 'string' && isLearnerName(value)) isFound = true;
    return value;
  });
  return isFound;
}

/** The document that keeps the schema of a topic which is not in the catalogue. */
export const topicSchemaDocument = (physicalName: string): string => `topic-schemas/${physicalName}`;

/**
 * Whether a key of a topic is, or has for a part, the pseudonym `learner`. Of a topic between stages, or one that is not known, the whole key is compared.
 * @param kept - the document of {@link topicSchemaDocument}; `null` where there is none
 */
export function isKeyOfLearner(physicalName: string, key: string, learner: string, kept: Buffer | null): boolean {
  const keyFields = keyFieldsOf(physicalName);
  if (keyFields === null) return key === learner && mayNameLearner(kept);
  const at = keyFields.indexOf(FIELD);
  if (at < 0) return false;
  return keyFields.length === 1 ? key === learner : key.split(KEY_SEPARATOR)[at] === learner;
}

/** Whether the keys of a topic are pseudonyms of learners, and nothing else; `null` for a topic that is not in the catalogue. */
export function ownersAreKeys(physicalName: string): boolean | null {
  const known = owned.get(physicalName);
  if (known !== undefined) return known;
  const keyFields = keyFieldsOf(physicalName);
  const isOwned = keyFields && keyFields.length === 1 && keyFields[0] === FIELD;
  // A region has some dozens of topics; what dead letters say of their source may be any text.
  if (owned.size < MOST_REMEMBERED) owned.set(physicalName, isOwned);
  return isOwned;
}

/** Answers of {@link ownersAreKeys}, which is asked for each record. */
const owned = new Map<string, boolean | null>();
const MOST_REMEMBERED = 1_000;

/** Of the catalogue's topics alone. */
function keyFieldsOf(physicalName: string): readonly string[] | null {
  const name = nameOf(physicalName).replace(VERSION, '');
  return Object.values(topics).find((topic) => topic.name === name)?.keyFields ?? null;
}

function nameOf(physicalName: string): string {
  try {
    return parsePhysicalTopicName(physicalName).name;
  } catch {
    return physicalName;
  }
}

function mayNameLearner(kept: Buffer | null): boolean {
  if (kept === null) return true;
  const { namespace, fields } = JSON.parse(kept.toString()) as AvroRecord;
  // Of topics between the stages of a topology no schema tells what their keys are.
  return namespace === INTERNAL_NAMESPACE || fields.some(({ name, personal }) => personal === 'pseudonym' || isLearnerName(name));
}
