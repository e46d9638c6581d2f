/** A gateway over a storage in memory, with its files in a folder: it can end as a process does, and begin again. */
import {
  ReceivedEvents,
  createGateway,
  openIdentityMap,
  writtenTopic,
  type EventLog,
  type Gateway,
  type GatewayOptions,
  type IdentityMap,
  type WrittenTopic,
} from '../../gateway/index.js';
import { localRecords, localTools } from '../../runtime/localTools.js';
import { memoryStorage } from '../../runtime/testing/index.js';
import { LocalSchemaIds, physicalTopicName, topicCodec } from '../../schemas/index.js';
import { outcomesIn } from '../../scripts/gateway/eventLogs.js';
import { gatewayTopics, openWriterLog } from '../../scripts/gateway/writerLog.js';
import { newFolder } from '../fixtures/folders.js';

export const REGION = 'eu-west';
export const NOW_MS = Date.UTC(2026, 0, 5);

/** What a test changes of a gateway. */
export interface Setting extends Partial<Omit<GatewayOptions, 'log' | 'identities' | 'received'>> {
  /** Puts something between the gateway and its log. */
  readonly between?: (log: EventLog) => EventLog;
}

/** An answer, and what it says as JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly json: unknown;
}

/** A record as it lies in a topic, decoded. */
export interface Found {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>> & { readonly learner: string; readonly eventId: string };
}

export class Door {
  readonly lines: string[] = [];
  private readonly storage = memoryStorage({ now: () => NOW_MS });
  private parts: { readonly gateway: Gateway; readonly identities: IdentityMap; readonly received: ReceivedEvents } | null = null;

  private constructor(
    readonly folder: string,
    private setting: Setting,
  ) {
    for (const spec of gatewayTopics(this.region)) this.storage.log.ensureTopic(spec);
  }

  static async open(setting: Setting = {}): Promise<Door> {
    const door = new Door(newFolder(), setting);
    await door.begin();
    return door;
  }

  /** The process is gone, and another begins with what it left. */
  async restart(setting: Setting = this.setting): Promise<void> {
    this.setting = setting;
    await this.close();
    await this.begin();
  }

  get region(): string {
    return this.setting.region ?? REGION;
  }

  get gateway(): Gateway {
    return this.parts!.gateway;
  }

  get identities(): IdentityMap {
    return this.parts!.identities;
  }

  async post(payload: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.ask('POST', '/v1/events', payload, headers);
  }

  async ask(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS',
    url: string,
    payload?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const body = payload === undefined ? {} : { payload: typeof payload === 'string' ? payload : JSON.stringify(payload) };
    const type = payload === undefined ? {} : { 'content-type': 'application/json' };
    const {
      statusCode: status,
      headers: answered,
      body: text,
    } = await this.gateway.app.inject({ method, url, headers: { ...type, ...headers }, ...body });
    return { status, headers: answered, text, json: /json/.test(String(answered['content-type'])) ? (JSON.parse(text) as unknown) : null };
  }

  /** All records of a topic, partition by partition. */
  records(name: WrittenTopic): Found[] {
    const topic = writtenTopic(name);
    const codec = topicCodec(topic, LocalSchemaIds.withAccepted());
    return Array.from({ length: topic.partitions }, (_, partition) => partition).flatMap((partition) =>
      [...localRecords(this.storage.log, physicalTopicName(this.region, name), partition)].map(({ key, value }): Found => {
        return { key: key!.toString(), value: codec.decode(key!.toString(), value!) as Found['value'] };
      }),
    );
  }

  async close(): Promise<void> {
    const { gateway, identities, received } = this.parts!;
    await gateway.close();
    await received.close();
    await identities.close();
  }

  private async begin(): Promise<void> {
    const { between = (log: EventLog) => log, ...options } = this.setting;
    const identities = openIdentityMap(this.folder);
    const received = await ReceivedEvents.open(this.folder);
    const log = between(await openWriterLog(this.region, { open: () => localTools(this.storage).writer(`gateway/${received.id}`, []) }));
    const logStream = { write: (line: string) => this.lines.push(line) > 0 };
    const outcomes = outcomesIn(this.region, localTools(this.storage));
    const gateway = await createGateway({ region: REGION, now: () => NOW_MS, logStream, outcomes, ...options, log, identities, received });
    this.parts = { gateway, identities, received };
  }
}

/** A click as an app sends it. */
export const click = (eventId: string, more: object = {}): Record<string, unknown> => ({
  topic: 'clicks',
  eventId,
  learner: 'mailto:ada@example.org',
  course: 'AAA-2014J',
  occurredAtMs: NOW_MS - 1_000,
  personal: { action: 'OPEN', item: 'quiz-1' },
  ...more,
});

/** What an answer is, in short. */
export const problem = ({ status, json }: Answer): unknown[] => {
  const { code, field, index } = json as { code: string; field?: string; index?: number };
  return [status, code, field, index].filter((one) => one !== undefined);
};
