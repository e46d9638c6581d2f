/** Which topics have the pseudonym of a learner for a key: an erasure must not touch an item that happens to be called as a learner is. */
import type { AvroRecord } from './avro-schema.js';
import { KEY_SEPARATOR } from './keys.js';
import { parsePhysicalTopicName } from './topic-names.js';
import { topics } from './topics.js';

/** What the name of a topic ends in that belongs to one version of the topology that writes it. */
const VERSION = /\.v[1-9]\d*$/;
/** Of topics between the stages of a topology: what their keys are, no schema tells. */
const INTERNAL = 'eu.skillforge.internal';
const FIELD = 'learner';
/** Names of fields that hold learners where no schema gives a class. */
const LEARNER_NAME = /learner/i;

/** Whether fields of this name hold pseudonyms of learners, for what has no class: state, and files. */
export const isLearnerName = (name: string): boolean => LEARNER_NAME.test(name);

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
  return namespace === INTERNAL || fields.some(({ name, personal }) => personal === 'pseudonym' || isLearnerName(name));
}
