import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { to, topology } from '../../../operators/index.js';
import { schema, topic, topics, type LearnerId } from '../../../schemas/index.js';
import { unlistedEntries, unlistedTopics } from '../../../scripts/privacy/foundPlaces.js';
import { readInventory, type OwnInventory } from '../../../scripts/privacy/ownInventory.js';
import { processingRecord } from '../../../scripts/privacy/record.js';
import { recordPage, recordPagePath } from '../../../scripts/privacy/recordPage.js';
import { recordText } from '../../../scripts/privacy/recordText.js';
import { loadTopology, ownTopologyFiles } from '../../../scripts/topologyFiles.js';
import { temporaryFolder } from '../../fixtures/oulad/folder.js';

const OWN = await Promise.all(ownTopologyFiles().map(loadTopology));

const studyDays = topic({
  name: 'study-days',
  schema: schema.record({ learner: schema.branded<LearnerId>(), day: schema.long, clicks: schema.long, action: schema.string }),
  keyFields: ['learner'],
  partitions: 12,
});
/** A topology of somebody's own, with a topic that nobody has listed. */
const days = topology('days', { version: 1 }, ({ source }) => {
  source(studyDays, { eventTimeMs: (value) => value.day }).pipe(to(studyDays));
});
const OF_DAYS: OwnInventory = {
  activities: { reports: { purpose: 'Tell teachers how busy a course is.', legalBasis: 'public-task', persons: 'learners', recipients: 'teachers' } },
  topics: {
    'study-days': { activities: ['reports'], fields: { learner: 'pseudonym', day: 'behavioural', clicks: 'behavioural', action: 'behavioural' } },
  },
  topologies: { days: ['reports'] },
};

describe('the record of processing', () => {
  const record = processingRecord(OWN);

  it('lists everything of this project: each topic and field, each topology, each store', () => {
    expect(record.unlisted).toEqual([]);
    expect(record.topics.map(({ name }) => name)).toEqual(Object.values(topics).map(({ name }) => name));
    expect(record.topologies.map(({ name }) => name)).toEqual(OWN.map(({ name }) => name));
    expect(record.topics.flatMap(({ fields }) => fields).length).toBeGreaterThan(200);
    expect(record.topologies.find(({ name }) => name === 'quiz-mastery')!.internalTopics.length).toBe(2);
  });

  it('says of each activity why, on what ground, of whom and for whom; of each place, how long', () => {
    for (const { purpose, legalBasis, persons, recipients } of record.activities) {
      expect([purpose, legalBasis, persons, recipients].filter((text) => text === '')).toEqual([]);
    }
    const places = [...record.topics, ...record.topologies, ...record.stores];
    expect(places.filter(({ kept, activities }) => kept === '' || activities.length === 0).map(({ name }) => name)).toEqual([]);
  });

  it('is what the page says: else run tsx scripts/privacy/recordPage.ts', async () => {
    expect(readFileSync(recordPagePath(), 'utf8') === (await recordPage())).toBe(true);
  });

  it("names what is of somebody's own and not listed, and takes what they say of it", () => {
    const { unlisted } = processingRecord([...OWN, days]);
    expect(unlisted.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'topic study-days',
      'field study-days.learner',
      'field study-days.day',
      'field study-days.clicks',
      'field study-days.action',
      'topology days',
    ]);
    expect(processingRecord([...OWN, days], OF_DAYS).unlisted).toEqual([]);
    const { activities: _, ...withoutActivity } = OF_DAYS;
    expect(processingRecord([...OWN, days], withoutActivity).unlisted.map(({ kind, name }) => [kind, name])).toEqual([
      ['activity', 'reports'],
      ['activity', 'reports'],
    ]);
  });

  it('names topics of the log that are in no entry: versions and internal topics of what is listed are in one', () => {
    const found = [
      'eu-west.clicks',
      'eu-west.recommendations.v3',
      'eu-west.quiz-mastery.v2.by-skill',
      'us-east.secrets',
      'other',
      'eu-west.secrets',
      'eu-west.days.v1.x',
    ];
    expect(unlistedTopics(record, 'eu-west', found).map(({ name }) => name)).toEqual(['eu-west.secrets', 'eu-west.days.v1.x']);
  });

  it('names entries of a folder that belong to no store', () => {
    const folder = temporaryFolder();
    expect(unlistedEntries(record, join(folder, 'none'))).toEqual([]);
    for (const name of ['reader', 'archive', 'copy-of-learners']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'data.mdb'), '');
    expect(unlistedEntries(record, folder).map(({ kind, name }) => [kind, name])).toEqual([['store', 'copy-of-learners']]);
  });

  it('shows people who answers for it, and what is missing', () => {
    expect(recordText(record)).toContain('controller: not stated');
    expect(recordText(record)).toContain('everything is listed');
    const controller = { name: 'A School', contact: 'privacy@school.example', protectionOfficer: 'Ada' };
    const text = recordText(processingRecord([...OWN, days], { controller }));
    expect(text).toContain('controller: A School, privacy@school.example; data protection officer Ada');
    expect(text).toContain('not listed: 6 findings\n  nobody has said what the topic study-days is for');
  });
});

describe('the file in which an installation says what is its own', () => {
  const read = (json: unknown): OwnInventory => {
    const path = join(temporaryFolder(), 'inventory.json');
    writeFileSync(path, typeof json === 'string' ? json : JSON.stringify(json));
    return readInventory(path);
  };

  it('is read as it is written', () => {
    expect(read(OF_DAYS)).toEqual(OF_DAYS);
  });

  it.each([
    ['{', 'the file is no JSON'],
    [[], 'the file must be an object'],
    [{ topic: {} }, 'topic is no part of an inventory'],
    [{ controller: { name: 'A School' } }, 'controller.contact must be a text'],
    [{ activities: { a: { ...OF_DAYS.activities!['reports'], legalBasis: 'because' } } }, 'activities.a.legalBasis must be one of consent, '],
    [{ topics: { a: { activities: 'b' } } }, 'topics.a.activities must be a list of names'],
    [{ topics: { a: { activities: [], fields: { b: 'secret' } } } }, 'topics.a.fields.b must be one of none, '],
    [{ stores: { a: { description: 'b', kept: 'c', activities: [], holds: ['x'], inFolder: [] } } }, 'stores.a.holds must be one of none, '],
  ])('is refused with the place of what is wrong: %j', (json, message) => {
    expect(() => read(json)).toThrow(
      expect.objectContaining({ code: 'SFS_INVENTORY_INVALID', message: expect.stringContaining(message) as string }) as Error,
    );
  });
});
