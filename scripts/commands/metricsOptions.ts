/** The options that serve metrics and send traces of a run, and the monitor that they ask for. */
import type { Command } from 'commander';
import type { MetricsServer, RunMonitor } from '../../runtime/observability/index.js';
import type { Traces } from '../../schemas/index.js';
import { wholeNumber } from './options.js';
import { printJson } from './output.js';
import { withTraceOptions, withTraces, type TraceOptions } from './traceOptions.js';

/** What a command that may serve metrics, and may be traced, is told. */
export interface MetricsOptions extends TraceOptions {
  readonly region: string;
  /** Nothing is served without. */
  readonly metricsPort?: number;
  readonly metricsHost: string;
}

/** Adds `--metrics-port`, `--metrics-host`, and the options of traces. */
export function withMetricsOptions(command: Command): Command {
  return withTraceOptions(command)
    .option('--metrics-port <n>', 'serve metrics for Prometheus at /metrics on this port; 0 takes any that is free', wholeNumber(0))
    .option('--metrics-host <address>', 'address of this machine to serve them on', '127.0.0.1');
}

/**
 * Does something while metrics are served and traces sent, where options ask for that, and tells where the metrics are.
 *
 * @param work - with `null` where nothing is asked for
 * @throws SFS_METRICS_PORT, SFS_TRACES_INVALID, and what `work` throws
 */
export function withMonitor<T>(options: MetricsOptions, json: boolean, work: (monitor: RunMonitor | null) => Promise<T>): Promise<T> {
  return withTraces(options, 'skillforge-worker', async (traces) => {
    if (options.metricsPort === undefined && traces === null) return work(null);
    return monitored(options, json, traces, work);
  });
}

async function monitored<T>(
  { metricsPort: port, metricsHost: host }: MetricsOptions,
  json: boolean,
  traces: Traces | null,
  work: (monitor: RunMonitor | null) => Promise<T>,
): Promise<T> {
  const { PromMetrics, RunMonitor, TracedTasks, serveMetrics } = await import('../../runtime/observability/index.js');
  const metrics = new PromMetrics();
  const server: MetricsServer | null = port === undefined ? null : await serveMetrics(metrics, { host, port });
  try {
    if (server !== null) tellServer(server, json);
    return await work(new RunMonitor(metrics, traces === null ? {} : { traced: new TracedTasks(traces) }));
  } finally {
    await server?.close();
  }
}

function tellServer({ url }: MetricsServer, json: boolean): void {
  if (json) printJson({ metrics: { url } });
  else process.stderr.write(`metrics at ${url}\n`);
}
