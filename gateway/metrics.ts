/** What the gateway counts, in the text format of Prometheus. Labels are codes and names of this gateway, never what a client sent. */
import { Counter, Gauge, Registry } from 'prom-client';
import type { ErrorCode } from '../schemas/index.js';

/** What became of an event. */
export type EventOutcome = 'written' | 'repeated' | 'ignored';

/** The metrics of one gateway. */
export class GatewayMetrics {
  readonly registry = new Registry();
  private readonly events = new Counter({
    name: 'skillforge_gateway_events_total',
    help: 'Events of requests that were answered with success: written to the log, repeats of earlier ones, statements that say nothing here',
    labelNames: ['outcome'],
    registers: [this.registry],
  });
  private readonly refused = new Counter({
    name: 'skillforge_gateway_refused_total',
    help: 'Requests that were refused, or whose events the log did not confirm, by code',
    labelNames: ['code'],
    registers: [this.registry],
  });
  private readonly otherRegion = new Counter({
    name: 'skillforge_gateway_other_region_total',
    help: 'Requests refused because of an event of another region; regions that the gateway was not told of are `unknown`',
    labelNames: ['region'],
    registers: [this.registry],
  });

  /**
   * @param regions - names that `region` may take as a label
   * @param bytesInFlight - bodies of requests that are not answered yet, bytes
   */
  constructor(
    private readonly regions: Pick<ReadonlySet<string>, 'has'>,
    bytesInFlight: () => number,
  ) {
    new Gauge({
      name: 'skillforge_gateway_in_flight_bytes',
      help: 'Bodies of requests that are not answered yet, bytes',
      registers: [this.registry],
      collect() {
        this.set(bytesInFlight());
      },
    });
  }

  /** Counts events that were taken. */
  count(outcome: EventOutcome, events: number): void {
    if (events > 0) this.events.inc({ outcome }, events);
  }

  /** Counts a request that was refused. */
  refuse(code: ErrorCode): void {
    this.refused.inc({ code });
  }

  /** Counts an event of another region. */
  refuseRegion(region: string): void {
    this.otherRegion.inc({ region: this.regions.has(region) ? region : 'unknown' });
  }
}
