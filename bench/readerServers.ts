/** The servers that the benchmark of the reader asks, each a process of its own, whose arguments are hello, reader or traced, and a folder. */
import fastify from 'fastify';
import { createReader } from '../reader/index.js';
import { MemoryStorage } from '../runtime/testing/memoryStorage.js';
import {
  LocalSchemaIds,
  TraceIdentity,
  courseId,
  itemId,
  keyOf,
  learnerId,
  physicalTopicName,
  topicCodec,
  topics,
  type Traces,
  type ValueOf,
} from '../schemas/index.js';
import { partitionOf } from '../schemas/partitioner.js';

/** Learners whose lists are served. */
export const LEARNERS = 2_000;
/** Items of each list, which is what is asked for, too. */
export const ITEMS = 10;
/** Region of the lists. */
export const REGION = 'eu-west';
const MADE_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

/** Id of a learner by number. */
export const learnerAt = (at: number): string => `learner-${at}`;

/** The record of a learner: one course, two lists. */
export function recordOf(learner: string): ValueOf<typeof topics.recommendations> {
  const items = Array.from({ length: ITEMS }, (_, at) => ({
    item: itemId(`item-${(at * 7 + learner.length) % 97}`),
    // Whole binary fractions: the wire format holds floats.
    score: 1 - at / 16,
    source: 'TRENDING' as const,
    reasons: ['TRENDING_IN_COHORT'],
  }));
  return {
    learner: learnerId(learner),
    region: REGION,
    madeAtMs: MADE_MS,
    validUntilMs: MADE_MS + DAY_MS,
    modelVersion: 'formula-2',
    topologyVersion: 1,
    variant: '',
    personal: { courses: [{ course: courseId('AAA-2014J'), segment: '', next: items, new: items }] },
  };
}

/** @param traces - of which spans go nowhere; `null`: as without the option */
async function readerUrl(folder: string, traces: Traces | null): Promise<string> {
  const { log } = new MemoryStorage();
  const { name, partitions } = topics.recommendations;
  const topic = physicalTopicName(REGION, name);
  const codec = topicCodec(topics.recommendations, LocalSchemaIds.withAccepted());
  log.ensureTopic({ name: topic, partitions, cleanup: 'compact', retentionMs: null });
  const records = Array.from({ length: LEARNERS }, (_, at) => {
    const value = recordOf(learnerAt(at));
    const key = keyOf(topics.recommendations, value);
    return { topic, partition: partitionOf(Buffer.from(key), partitions), key: Buffer.from(key), value: codec.encode(key, value), header: null };
  });
  await log.append(records);
  const reader = await createReader({ log, region: REGION, store: { folder }, now: () => MADE_MS, ...(traces && { traces }) });
  await reader.client.caughtUp();
  return reader.listen({ port: 0 });
}

async function helloUrl(): Promise<string> {
  const app = fastify();
  app.get('/hello', { schema: { response: { 200: { type: 'object', properties: { hello: { type: 'string' } } } } } }, () => ({ hello: 'world' }));
  return app.listen({ host: '127.0.0.1', port: 0 });
}

const [kind, folder = ''] = process.argv.slice(2);
if (kind === 'hello') console.log(await helloUrl());
else if (kind === 'reader') console.log(await readerUrl(folder, null));
// Every answer: one in a thousand would not be seen.
else if (kind === 'traced') console.log(await readerUrl(folder, { identity: new TraceIdentity('a secret of the bench', 1), sink: () => undefined }));
