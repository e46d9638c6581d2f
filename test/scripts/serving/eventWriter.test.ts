/** Events of clients in topics of Kafka. */
import { describe, expect, it } from 'vitest';
import { createReader } from '../../../reader/index.js';
import { kafkaEvents } from '../../../scripts/serving/eventWriter.js';
import { LocalSchemaIds, topicCodec, topics } from '../../../schemas/index.js';
import { openFor, readAll } from '../../integration/kafka/fixtures.js';
import { SERVER_START_MS, sharedKafka } from '../../integration/servers.js';
import { newRegion } from '../../integration/cluster/replica.js';
import { Shelves } from '../../reader/shelves.js';

const event = {
  eventId: 'f1',
  learner: 'ada',
  course: 'AAA-2014J',
  occurredAt: '2014-10-20T10:00:00Z',
  list: 'new',
  kind: 'OPENED',
  item: 'n1',
  position: 0,
};

describe('events on Kafka', () => {
  it('are in their topic, under their learner, when the answer comes', { timeout: SERVER_START_MS }, async (context) => {
    const broker = await openFor('confluent', await sharedKafka(context));
    context.onTestFinished(() => broker.close());
    const region = newRegion();
    const reader = await createReader({ log: new Shelves().log, region, events: kafkaEvents(broker, region, { replication: 1 }) });
    context.onTestFinished(() => reader.close());
    const answer = await reader.app.inject({ method: 'POST', url: '/v1/feedback', payload: { events: [event, { ...event, eventId: 'f2' }] } });
    expect([answer.statusCode, answer.json()]).toEqual([200, { written: 2 }]);
    const codec = topicCodec(topics.feedback, LocalSchemaIds.withAccepted());
    const found = [];
    for (let partition = 0; partition < topics.feedback.partitions; partition++)
      found.push(...(await readAll(broker, `${region}.feedback`, partition)));
    expect(found.map(({ key, value }) => [key!.toString(), codec.decode(key!.toString(), value!).eventId])).toEqual([
      ['ada', 'f1'],
      ['ada', 'f2'],
    ]);
  });

  it('may be sent again where no broker answers', async () => {
    const broker = await openFor('kafkajs', '127.0.0.1:1', { requestTimeoutMs: 500 });
    const reader = await createReader({ log: new Shelves().log, region: 'eu-west', events: kafkaEvents(broker, 'eu-west', { replication: 1 }) });
    const answer = await reader.app.inject({ method: 'POST', url: '/v1/feedback', payload: { events: [event] } });
    expect([answer.statusCode, answer.json()]).toEqual([503, expect.objectContaining({ code: 'SFS_EVENTS_UNAVAILABLE' })]);
    await reader.close();
    await broker.close();
  });
});
