/** What clients send: what was shown, and what came of it. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../runtime/testing/memoryStorage.js';
import { folderEvents } from '../../scripts/serving/eventWriter.js';
import { LocalSchemaIds, SkillForgeError, topicCodec, topics } from '../../schemas/index.js';
import type { EventWriter } from '../../reader/index.js';
import { REGION } from './shelves.js';
import { COURSE, serving, type Serving } from './serving.js';

const storage = new MemoryStorage();
const inLog = folderEvents(storage.log, REGION);
let failure: Error | null = null;
const writer: EventWriter = { write: (events) => (failure === null ? inLog.write(events) : Promise.reject(failure)) };

let school: Serving;
beforeAll(async () => {
  school = await serving({ events: writer, metrics: true });
});
beforeEach(() => {
  failure = null;
});

const ids = LocalSchemaIds.withAccepted();
const codecs = { exposures: topicCodec(topics.exposures, ids), feedback: topicCodec(topics.feedback, ids) };

/** Everything in a topic, decoded. */
function written(topic: 'exposures' | 'feedback'): unknown[] {
  const name = `${REGION}.${topic}`;
  return Array.from({ length: topics[topic].partitions }, (_, partition) => storage.log.read(name, partition, 0, 1_000))
    .flat()
    .map(({ key, value }) => codecs[topic].decode(key!.toString(), value!));
}

const shown = { eventId: 'e1', learner: 'ada', course: COURSE, occurredAt: '2014-10-20T10:00:00.000Z', list: 'next' };
const exposure = { ...shown, madeAt: '2014-10-20T00:00:00Z', items: ['n1', 'n2'], variant: 'b' };
const feedback = { ...shown, eventId: 'f1', kind: 'OPENED', item: 'n1', position: 0, exposureId: 'e1', cohort: 'c1' };

describe('POST /v1/exposures and /v1/feedback', () => {
  it('write what was shown, and what was done, before they answer', async () => {
    const answers = [await school.post('/v1/exposures', { events: [exposure] }), await school.post('/v1/feedback', { events: [feedback] })];
    for (const answer of answers) expect([answer.status, await answer.json()]).toEqual([200, { written: 1 }]);
    const head = { learner: 'ada', course: COURSE, occurredAtMs: Date.UTC(2014, 9, 20, 10), region: REGION, experiment: '' };
    expect(written('exposures')).toEqual([
      {
        ...head,
        eventId: 'e1',
        cohort: COURSE,
        variant: 'b',
        recommendationMadeAtMs: Date.UTC(2014, 9, 20),
        personal: { list: 'NEXT', items: ['n1', 'n2'], propensities: [] },
      },
    ]);
    expect(written('feedback')).toEqual([
      { ...head, eventId: 'f1', cohort: 'c1', variant: '', personal: { exposureId: 'e1', kind: 'OPENED', list: 'NEXT', item: 'n1', position: 0 } },
    ]);
    expect(await (await school.get('/metrics')).text()).toContain('skillforge_reader_events_total{topic="feedback"} 1');
  });

  it('write nothing of a learner who is not to be served', async () => {
    const before = written('feedback').length;
    await school.reader.client.denied.add('ben');
    const answer = await school.post('/v1/feedback', {
      events: [
        { ...feedback, learner: 'ben' },
        { ...feedback, eventId: 'f2' },
      ],
    });
    expect([await answer.json(), written('feedback').length - before, JSON.stringify(written('feedback')).includes('"ben"')]).toEqual([
      { written: 1 },
      1,
      false,
    ]);
  });

  it.each([
    ['/v1/feedback', { ...feedback, kind: 'LIKED' }, /"events\/0\/kind" must be equal to one of the allowed values: OPENED, COMPLETED/],
    ['/v1/feedback', { ...feedback, position: null }, 'the field of the body "events/0/position" must be integer'],
    ['/v1/feedback', { ...feedback, position: 20 }, /"events\/0\/position" must be <= 19/],
    ['/v1/feedback', { ...feedback, occurredAt: 'yesterday' }, /"events\/0\/occurredAt" must match format "date-time"/],
    ['/v1/feedback', { ...feedback, occurredAt: '2016-12-31T23:59:60Z' }, 'a time of an event is no instant'],
    ['/v1/feedback', { ...feedback, learner: '' }, /"events\/0\/learner" must NOT have fewer than 1 characters/],
    ['/v1/feedback', { ...feedback, email: 'ada@example.org' }, 'the field of the body "email" is not known'],
    ['/v1/exposures', { ...exposure, items: [] }, /"events\/0\/items" must NOT have fewer than 1 items/],
    ['/v1/exposures', { ...exposure, propensities: [0.5] }, 'there are as many propensities as items, or none'],
    ['/v1/exposures', { ...exposure, propensities: [0.5, 1.5] }, /"events\/0\/propensities\/1" must be <= 1/],
    ['/v1/exposures', { ...exposure, madeAt: undefined }, 'the field of the body "madeAt" is missing'],
  ])('refuse what is no such event: %s %#', async (path, event, detail) => {
    const before = [written('exposures').length, written('feedback').length];
    const response = await school.post(path, { events: [event] });
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({
        code: 'SFS_REQUEST_INVALID',
        detail: typeof detail === 'string' ? detail : (expect.stringMatching(detail) as string),
      }),
    ]);
    expect([written('exposures').length, written('feedback').length]).toEqual(before);
  });

  it('say that the events may be sent again where they cannot be written now', async () => {
    failure = new SkillForgeError('SFS_EVENTS_UNAVAILABLE', 'no broker at 10.0.0.7', { retriable: true });
    const response = await school.post('/v1/feedback', { events: [feedback] });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.text()).toMatch(/"code":"SFS_EVENTS_UNAVAILABLE"/);
    failure = new Error('broken');
    expect((await school.post('/v1/feedback', { events: [feedback] })).status).toBe(500);
  });

  it('say so where the reader has no place for events', async () => {
    const without = await serving();
    for (const [path, event] of [
      ['/v1/feedback', feedback],
      ['/v1/exposures', exposure],
    ] as const) {
      // prettier-ignore
      const response = await without.post(path, { events: [event] });
      expect([response.status, await response.json()]).toEqual([503, expect.objectContaining({ code: 'SFS_EVENTS_UNAVAILABLE' })]);
    }
  });
});
