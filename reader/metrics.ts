/** Metrics of a reader for Prometheus. No label holds an id of a person, an item or a caller. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Told } from './answer.js';
import type { ClientNotice, ClientStatus, RecommendationChange } from './client.js';
import type { OutboxOutcome, OutboxStatus } from './outboxWriter.js';
import { ServedItems } from './servedItems.js';

/** Upper bounds, seconds: an answer takes a fraction of a millisecond. */
const BUCKETS_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const;

/** Upper bounds, seconds: lists are made anew after an hour of use, after each day, or after a week, and hold for eight days. */
const AGE_SECONDS = [60, 600, 3_600, 21_600, 86_400, 172_800, 345_600, 691_200, 1_382_400, 2_764_800] as const;

/** A metric as it is declared. */
export interface ReaderMetric {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds of a histogram, ascending, in the unit of its name. */
  readonly buckets?: readonly number[];
}

/** Every metric of the reader by its name, those of Node itself left out. */
export const READER_METRICS = {
  skillforge_reader_requests_total: {
    type: 'counter',
    labels: ['method', 'route', 'status'],
    help: 'Requests that were answered; the route is the pattern of a path, and empty for a path that there is not.',
  },
  skillforge_reader_request_duration_seconds: {
    type: 'histogram',
    buckets: BUCKETS_SECONDS,
    labels: ['route'],
    help: 'Time from a request to the end of its answer; streams of changes are left out.',
  },
  skillforge_reader_answers_total: {
    type: 'counter',
    labels: ['served'],
    help: 'Answers for a learner, those of batches and streams included, by where they come from: personal, stale, segment, popular; paused and override are what is popular because people decided so.',
  },
  skillforge_reader_list_age_seconds: {
    type: 'histogram',
    buckets: AGE_SECONDS,
    labels: ['served'],
    help: 'Age of the list in each of these answers when it was given, by the clock of the reader; of a list that was merged of several, that of the oldest. Answers without a list are left out.',
  },
  skillforge_reader_served_items: {
    type: 'gauge',
    labels: [],
    help: 'Different items in these answers in the last one to two hours, estimated.',
  },
  skillforge_reader_catalogue_items: {
    type: 'gauge',
    labels: [],
    help: 'Items of the catalogue that are not withdrawn, counted anew every ten minutes. Absent where there are more than 20,000: counting them would hold up answers.',
  },
  skillforge_reader_changes_total: {
    type: 'counter',
    labels: ['kind'],
    help: 'Rows of the view that changed (learner, segment, item), measures of people (oversight), and switches to another version (served).',
  },
  skillforge_reader_unusable_records_total: {
    type: 'counter',
    labels: ['code'],
    help: 'Records that the view could not take; the last good one of their key stays.',
  },
  skillforge_reader_events_total: {
    type: 'counter',
    labels: ['topic'],
    help: 'Events of clients that were taken: exposures and feedback.',
  },
  skillforge_reader_outbox_events: {
    type: 'gauge',
    labels: [],
    help: 'Events of clients that are on the disk of the reader and not in the log yet. This and what follows of the outbox is absent where the reader has none; of a reader that was started without a place for events it tells what an earlier one has left.',
  },
  skillforge_reader_outbox_bytes: { type: 'gauge', labels: [], help: 'Their size.' },
  skillforge_reader_outbox_limit_bytes: { type: 'gauge', labels: [], help: 'The size at which more are refused; absent where none are taken.' },
  skillforge_reader_outbox_age_seconds: { type: 'gauge', labels: [], help: 'For how long the oldest of them has waited; 0 where none waits.' },
  skillforge_reader_outbox_gone_total: {
    type: 'counter',
    labels: ['outcome'],
    help: 'Events that have left the outbox: forwarded to the log, or left out because their learner is on the deny list by now (denied).',
  },
  skillforge_reader_lag_records: {
    type: 'gauge',
    labels: [],
    help: 'Records, markers included, that are in the log and not in the view. Absent while the log cannot be read.',
  },
  skillforge_reader_ready: {
    type: 'gauge',
    labels: [],
    help: '1 when the view was at the end of the log once and the reader is not stopping, else 0.',
  },
  skillforge_reader_following: {
    type: 'gauge',
    labels: [],
    help: '1 while the log can be followed, else 0: what is in the view is served meanwhile.',
  },
  skillforge_reader_streams: { type: 'gauge', labels: [], help: 'Streams of changes that are open.' },
} as const satisfies Readonly<Record<string, ReaderMetric>>;

type ReaderMetricName = keyof typeof READER_METRICS;

/** What gauges are set from when they are read. */
export interface ReaderFigures {
  readonly status: ClientStatus;
  readonly isStopping: boolean;
  readonly streams: number;
  /** Items that are not withdrawn; `null` for too many to count. Asked for once in a while. */
  readonly catalogueItems: () => number | null;
  /** `null` where events have no outbox. */
  readonly outbox: OutboxStatus | null;
}

/** How long a count of the catalogue is told, ms. */
const COUNTED_MS = 600_000;

/** Counts what a reader does. */
export class ReaderMetrics {
  private readonly registry = new Registry();
  private readonly counters = new Map<ReaderMetricName, Counter>();
  private readonly gauges = new Map<ReaderMetricName, Gauge>();
  private readonly histograms = new Map<ReaderMetricName, Histogram>();
  private readonly items: ServedItems;
  private catalogue: { readonly items: number | null; readonly atMs: number } | null = null;

  /** @param now - wall clock, ms since epoch */
  constructor(private readonly now: () => number = Date.now) {
    this.items = new ServedItems(now);
    for (const [name, { type, help, labels, buckets = [] }] of Object.entries<ReaderMetric>(READER_METRICS)) {
      const options = { name, help, labelNames: [...labels], registers: [this.registry] };
      if (type === 'counter') this.counters.set(name as ReaderMetricName, new Counter(options));
      else if (type === 'gauge') this.gauges.set(name as ReaderMetricName, new Gauge(options));
      else this.histograms.set(name as ReaderMetricName, new Histogram({ ...options, buckets: [...buckets] }));
    }
    collectDefaultMetrics({ register: this.registry });
  }

  /** @param seconds - `null` for an answer that has no end of its own */
  request(method: string, route: string, status: number, seconds: number | null): void {
    this.count('skillforge_reader_requests_total', { method, route, status: String(status) });
    if (seconds !== null) this.histograms.get('skillforge_reader_request_duration_seconds')!.observe({ route }, seconds);
  }

  /** @param atMs - by the clock that tells what is stale, ms since epoch of event time */
  answered({ served, madeAtMs, items }: Told, atMs: number): void {
    this.count('skillforge_reader_answers_total', { served });
    // Lists may come from a machine whose clock is ahead.
    if (madeAtMs !== null) this.histograms.get('skillforge_reader_list_age_seconds')!.observe({ served }, Math.max(0, atMs - madeAtMs) / 1000);
    for (const { item } of items) this.items.add(item);
  }

  changed({ kind }: RecommendationChange): void {
    this.count('skillforge_reader_changes_total', { kind });
  }

  noticed(notice: ClientNotice): void {
    if (notice.kind === 'unusable') this.count('skillforge_reader_unusable_records_total', { code: notice.record.code });
  }

  wrote(topic: 'exposures' | 'feedback', events: number): void {
    this.counters.get('skillforge_reader_events_total')!.inc({ topic }, events);
  }

  left(outcome: OutboxOutcome, events: number): void {
    this.counters.get('skillforge_reader_outbox_gone_total')!.inc({ outcome }, events);
  }

  /** Media type of {@link read}. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** The text format of Prometheus, version 0.0.4. */
  async read({ status, isStopping, streams, catalogueItems, outbox }: ReaderFigures): Promise<string> {
    const { ready, lag, trouble } = status;
    this.set('skillforge_reader_lag_records', lag);
    this.set('skillforge_reader_ready', ready && !isStopping ? 1 : 0);
    this.set('skillforge_reader_following', trouble === null ? 1 : 0);
    this.set('skillforge_reader_streams', streams);
    this.set('skillforge_reader_served_items', this.items.estimate());
    this.set('skillforge_reader_catalogue_items', this.counted(catalogueItems));
    this.set('skillforge_reader_outbox_events', outbox?.events ?? null);
    this.set('skillforge_reader_outbox_bytes', outbox?.bytes ?? null);
    this.set('skillforge_reader_outbox_limit_bytes', outbox?.mostBytes ?? null);
    this.set('skillforge_reader_outbox_age_seconds', outbox === null ? null : ageSeconds(outbox.oldestMs, this.now()));
    // The library writes the mean of nothing as `Nan`, which is no number of the format.
    return (await this.registry.metrics()).replaceAll(/ Nan$/gm, ' NaN');
  }

  private counted(count: () => number | null): number | null {
    const atMs = this.now();
    if (this.catalogue === null || atMs - this.catalogue.atMs >= COUNTED_MS) this.catalogue = { items: count(), atMs };
    return this.catalogue.items;
  }

  private count(name: ReaderMetricName, labels: Readonly<Record<string, string>>): void {
    this.counters.get(name)!.inc(labels);
  }

  private set(name: ReaderMetricName, value: number | null): void {
    if (value === null) this.gauges.get(name)!.remove();
    else this.gauges.get(name)!.set(value);
  }
}

/** A clock that was set back makes nothing younger than it is. */
const ageSeconds = (sinceMs: number | null, nowMs: number): number => (sinceMs === null ? 0 : Math.max(0, nowMs - sinceMs) / 1000);
