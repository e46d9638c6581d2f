import { SkillForgeError, errorMessageOf, type Span, type SpanKind } from '../../../schemas/index.js';

/** Where spans go, and what they say of this process. */
export interface OtlpOptions {
  /** Of a collector that takes OTLP over HTTP, such as `http://localhost:4318`. */
  readonly address: string;
  /** Name of the service, such as `skillforge-worker`. */
  readonly service: string;
  readonly region: string;
  /** Between two batches, ms (2,000). */
  readonly everyMs?: number;
  /** Told when a batch could not be sent, for the first time since one could (nobody). */
  readonly onTrouble?: (message: string) => void;
}

const EVERY_MS = 2_000;
/** Spans that wait at most: what comes then is dropped, as traces must not hold up what they are of. */
const MOST_WAITING = 4_096;
const BATCH = 512;
const TIMEOUT_MS = 10_000;
const KINDS: Readonly<Record<SpanKind, number>> = { server: 2, producer: 4, consumer: 5 };

/**
 * Sends spans to a collector as OTLP in JSON. What cannot be sent is dropped and counted: a collector that is away costs no memory and no time.
 * @see https://opentelemetry.io/docs/specs/otlp/
 */
export class OtlpExporter {
  private waiting: Span[] = [];
  private sending: Promise<void> | null = null;
  private isAway = false;
  /** Spans that were not taken, or not sent. */
  dropped = 0;
  /** Spans that a collector took. */
  sent = 0;
  private readonly url: string;
  private readonly timer: NodeJS.Timeout;

  /** @throws SFS_TRACES_INVALID for what is no address */
  constructor(private readonly options: OtlpOptions) {
    const { address, everyMs = EVERY_MS } = options;
    if (!/^https?:\/\/[^/]/.test(address))
      throw new SkillForgeError('SFS_TRACES_INVALID', `"${address}" is no address of a collector: http://host:port`);
    // An address that holds a password would be told where a collector is away, and fetch takes none.
    if (/^https?:\/\/[^/]*@/.test(address))
      throw new SkillForgeError('SFS_TRACES_INVALID', 'the address of a collector holds no user and no password');
    this.url = `${address.replace(/\/+$/, '')}/v1/traces`;
    this.timer = setInterval(() => void this.flush(), everyMs).unref();
  }

  /** Takes a span. */
  readonly add = (span: Span): void => {
    if (this.waiting.length >= MOST_WAITING) this.dropped++;
    else this.waiting.push(span);
  };

  /** Sends what waits. Never fails. */
  flush(): Promise<void> {
    return (this.sending ??= this.sendAll().finally(() => (this.sending = null)));
  }

  /** Sends what waits, once more, and ends. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.sending;
    await this.flush();
  }

  private async sendAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, BATCH);
      try {
        await this.send(batch);
        this.sent += batch.length;
        this.isAway = false;
      } catch (error) {
        this.dropped += batch.length;
        if (!this.isAway) this.options.onTrouble?.(`traces cannot be sent to ${this.url}: ${errorMessageOf(error)}`);
        this.isAway = true;
        return;
      }
    }
  }

  private async send(spans: readonly Span[]): Promise<void> {
    const { service, region } = this.options;
    const resource = { attributes: attributesOf({ 'service.name': service, 'cloud.region': region }) };
    const body = { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'skillforge' }, spans: spans.map(spanJson) }] }] };
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    // The connection is free again only when the answer was read.
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`it answers with ${response.status}`);
  }
}

const spanJson = ({ traceId, spanId, parentId, name, kind, startMs, endMs, attributes }: Span): object => ({
  traceId,
  spanId,
  ...(parentId === null ? {} : { parentSpanId: parentId }),
  name,
  kind: KINDS[kind],
  startTimeUnixNano: nanos(startMs),
  endTimeUnixNano: nanos(endMs),
  attributes: attributesOf(attributes),
});

/** Nanoseconds do not fit into a number. */
const nanos = (ms: number): string => String(BigInt(Math.round(ms * 1_000)) * 1_000n);

const attributesOf = (attributes: Readonly<Record<string, string | number>>): object[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: typeof value === 'string' ? { stringValue: value } : { doubleValue: value } }));
