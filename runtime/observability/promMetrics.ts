import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { MetricSink } from './metricSink.js';
import { METRICS, type LabelsOf, type MetricDeclaration, type NameOf } from './metrics.js';

/** Metrics of one process, as Prometheus reads them; those of Node itself are among them. */
export class PromMetrics implements MetricSink {
  private readonly registry = new Registry();
  private readonly counters = new Map<string, Counter>();
  private readonly gauges = new Map<string, Gauge>();
  private readonly histograms = new Map<string, Histogram>();
  private readonly collectors: (() => void)[] = [];

  constructor() {
    for (const [name, { type, labels, help, buckets = [] }] of Object.entries<MetricDeclaration>(METRICS)) {
      const common = { name, help, labelNames: [...labels], registers: [this.registry] };
      if (type === 'counter') this.counters.set(name, new Counter(common));
      else if (type === 'gauge') this.gauges.set(name, new Gauge(common));
      else this.histograms.set(name, new Histogram({ ...common, buckets: [...buckets] }));
    }
    collectDefaultMetrics({ register: this.registry });
  }

  /** Calls back before the metrics are read, so that gauges are of that moment. */
  onRead(collect: () => void): void {
    this.collectors.push(collect);
  }

  add<N extends NameOf<'counter'>>(name: N, labels: LabelsOf<N>, by: number): void {
    if (by >= 0) this.counters.get(name)!.inc(labels, by);
  }

  observe<N extends NameOf<'histogram'>>(name: N, labels: LabelsOf<N>, value: number): void {
    this.histograms.get(name)!.observe(labels, value);
  }

  replace<N extends NameOf<'gauge'>>(name: N, series: Iterable<readonly [labels: LabelsOf<N>, value: number]>): void {
    const gauge = this.gauges.get(name)!;
    gauge.reset();
    if (METRICS[name].labels.length === 0) gauge.remove();
    for (const [labels, value] of series) gauge.set(labels, value);
  }

  /** The text format of Prometheus, version 0.0.4. */
  async read(): Promise<string> {
    for (const collect of this.collectors) collect();
    const text = await this.registry.metrics();
    // The library writes the mean of nothing as `Nan`, which is no number of the format.
    return text.replaceAll(/ Nan$/gm, ' NaN');
  }

  /** Media type of {@link read}. */
  get contentType(): string {
    return this.registry.contentType;
  }
}
