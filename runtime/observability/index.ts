/**
 * What a run tells Prometheus.
 *
 * @example
 * const metrics = new PromMetrics();
 * const monitor = new RunMonitor(metrics);
 * const worker = new Worker([engagement], monitor.placement(cluster), { region: 'eu-west', mode: 'follow', models: monitor.models(models) });
 * monitor.follow(worker);
 * const server = await serveMetrics(metrics, { host: '127.0.0.1', port: 9464 });
 */
export { DRIFT_RULE, isCounted, verdictOf, type Verdict } from './drift/rule.js';
export { DriftWatch, type DriftFigures } from './drift/driftWatch.js';
export type { MetricSink } from './metricSink.js';
export { METRICS, type LabelsOf, type MetricDeclaration, type MetricName, type NameOf } from './metrics.js';
export { serveMetrics, type MetricsAddress, type MetricsServer } from './metricsServer.js';
export { PromMetrics } from './promMetrics.js';
export { RunMonitor, type RunMonitorOptions } from './runMonitor.js';
export { OtlpExporter, type OtlpOptions } from './traces/otlpExporter.js';
export { TracedTasks } from './traces/tracedTasks.js';
