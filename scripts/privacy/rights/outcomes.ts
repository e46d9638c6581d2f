/** How far requests are: the topic `rights-outcomes`, read on from where it was read to, and written by who serves requests. */
import {
  LocalSchemaIds,
  physicalTopicName,
  rightsRequestKey,
  topicCodec,
  topics,
  type ErrorCode,
  type Opened,
  type RightsOutcome,
} from '../../../schemas/index.js';
import { isMarker } from '../../../runtime/engine/header.js';
import { registeredCodec } from '../../../runtime/registeredCodec.js';
import type { OutputRecord, ToolAccess } from '../../../runtime/ports.js';

/** An outcome in memory. */
export type Outcome = Opened<RightsOutcome>;

/** What is read of a log. */
export type OutcomeLog = Pick<ToolAccess, 'topics' | 'records' | 'schemas'>;

/** The topic has one partition. */
const PARTITION = 0;

/** The last outcome of each request. */
export class KnownOutcomes {
  private readonly byRequest = new Map<string, Outcome>();
  private next = 0;
  private following: Promise<void> = Promise.resolve();

  constructor(private readonly region: string) {}

  /** Reads what has come since. One call at a time reads. @throws what reading throws */
  follow(log: OutcomeLog): Promise<void> {
    const read = this.following.then(() => this.readOn(log));
    this.following = read.catch(() => undefined);
    return read;
  }

  /** Of one request; `null` where there is none. */
  of(request: string): Outcome | null {
    return this.byRequest.get(request) ?? null;
  }

  /** Notes what was written here: it may be some time until it can be read. */
  note(outcome: Outcome): void {
    this.byRequest.set(outcome.request, outcome);
  }

  /** Those that are not settled yet. */
  open(): Outcome[] {
    return [...this.byRequest.values()].filter((outcome) => !isSettled(outcome));
  }

  private async readOn(log: OutcomeLog): Promise<void> {
    const topic = physicalTopicName(this.region, topics.rightsOutcomes.name);
    if (!(await log.topics()).some(({ name }) => name === topic)) return;
    const codec = topicCodec(topics.rightsOutcomes, log.schemas ?? LocalSchemaIds.withAccepted());
    for await (const { offset, key, value, header } of log.records(topic, PARTITION, this.next)) {
      this.next = offset + 1;
      if (key === null || value === null || isMarker(header)) continue;
      const outcome = codec.decode(key.toString(), value);
      if (outcome.region === this.region) this.byRequest.set(outcome.request, outcome);
    }
  }
}

/** Whether nothing more comes of a request. */
export const isSettled = (outcome: Pick<Outcome, 'state'> | null): boolean => outcome !== null && outcome.state !== 'RECEIVED';

/** A file that came of a request. */
export interface MadeFile {
  readonly file: string;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** What came of a request. */
export type Became =
  | { readonly state: 'RECEIVED' }
  | { readonly state: 'DONE'; readonly made: MadeFile | null }
  | { readonly state: 'FAILED'; readonly code: ErrorCode };

/** An outcome of now. */
export function outcomeOf(region: string, request: string, updatedAtMs: number, became: Became): Outcome {
  const made = became.state === 'DONE' ? became.made : null;
  const code = became.state === 'FAILED' ? became.code : null;
  const { state } = became;
  return { request: rightsRequestKey(request), region, state, updatedAtMs, code, file: made?.file ?? null, sha256: made?.sha256 ?? null };
}

/**
 * Appends outcomes; durable when it resolves. @param outcomesNow - asked when all that was written before can be read
 * @throws what registering their schema, making the topic and appending throw
 */
export async function writeOutcomes(tools: ToolAccess, region: string, outcomesNow: () => Promise<readonly Outcome[]>): Promise<readonly Outcome[]> {
  const { name, partitions, cleanup, retentionMs } = topics.rightsOutcomes;
  const topic = physicalTopicName(region, name);
  const codec = await registeredCodec(tools.schemas, region, topics.rightsOutcomes);
  await tools.ensureTopic({ name: topic, partitions, cleanup, retentionMs });
  const writer = await tools.writer(`rights/${region}`, [topic]);
  try {
    const outcomes = await outcomesNow();
    const records = outcomes.map((outcome): OutputRecord => {
      const value = codec.encode(outcome.request, outcome);
      return { topic, partition: PARTITION, key: Buffer.from(outcome.request), value, header: null };
    });
    if (records.length > 0) await writer.commit(records, Buffer.from('{}'));
    return outcomes;
  } finally {
    await writer.close();
  }
}
