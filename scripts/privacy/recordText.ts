/** The record of processing for people. */
import { countedText, tableText } from '../commands/output.js';
import type { ProcessingRecord, RecordedField } from './record.js';

/** The classes that fields have, most telling first; `none` alone where nothing is personal. */
export function classesOf(fields: readonly RecordedField[]): string {
  const found = new Set(fields.map(({ personal }) => personal));
  const personal = ['sensitive', 'profile', 'behavioural', 'pseudonym'].filter((name) => found.has(name as RecordedField['personal']));
  return personal.length === 0 ? 'none' : personal.join(', ');
}

/** The record as text. */
export function recordText(record: ProcessingRecord): string {
  const { controller, activities, topics, topologies, stores, unlisted } = record;
  const officer = controller?.protectionOfficer === undefined ? '' : `; data protection officer ${controller.protectionOfficer}`;
  return [
    controller === null ? 'controller: not stated; give it with --inventory' : `controller: ${controller.name}, ${controller.contact}${officer}`,
    `transfers to third countries: ${record.transfers}`,
    '',
    tableText(
      ['activity', 'legal basis', 'persons', 'purpose'],
      activities.map(({ name, legalBasis, persons, purpose }) => [name, legalBasis, persons, purpose]),
    ),
    '',
    tableText(
      ['topic', 'personal data', 'kept', 'for'],
      topics.map(({ name, fields, kept, activities: uses }) => [name, classesOf(fields), kept, uses.join(', ')]),
    ),
    '',
    tableText(
      ['state of', 'stores', 'internal topics', 'made of', 'for'],
      topologies.map((one) => [one.name, `${one.stores.length}`, `${one.internalTopics.length}`, one.sources.join(', '), one.activities.join(', ')]),
    ),
    '',
    tableText(
      ['store', 'personal data', 'kept', 'for'],
      stores.map(({ name, holds, kept, activities: uses }) => [name, holds.join(', '), kept, uses.join(', ')]),
    ),
    '',
    ...record.measures.map((measure) => `measure: ${measure}`),
    '',
    unlisted.length === 0 ? 'everything is listed' : `not listed: ${countedText(unlisted.length, 'finding')}`,
    ...unlisted.map(({ message }) => `  ${message}`),
  ].join('\n');
}
