/** The options that serve metrics of a run, and the monitor that they ask for. */
import type { Command } from 'commander';
import type { RunMonitor } from '../../runtime/observability/index.js';
import { wholeNumber } from './options.js';
import { printJson } from './output.js';

/** What a command that may serve metrics is told. */
export interface MetricsOptions {
  /** Nothing is served without. */
  readonly metricsPort?: number;
  readonly metricsHost: string;
}

/** Adds `--metrics-port` and `--metrics-host`. */
export function withMetricsOptions(command: Command): Command {
  return command
    .option('--metrics-port <n>', 'serve metrics for Prometheus at /metrics on this port; 0 takes any that is free', wholeNumber(0))
    .option('--metrics-host <address>', 'address of this machine to serve them on', '127.0.0.1');
}

/**
 * Does something while metrics are served, where options ask for that, and tells where they are.
 *
 * @param work - with `null` where nothing is asked for
 * @throws SFS_METRICS_PORT, and what `work` throws
 */
export async function withMonitor<T>(
  { metricsPort: port, metricsHost: host }: MetricsOptions,
  json: boolean,
  work: (monitor: RunMonitor | null) => Promise<T>,
): Promise<T> {
  if (port === undefined) return work(null);
  const { PromMetrics, RunMonitor, serveMetrics } = await import('../../runtime/observability/index.js');
  const metrics = new PromMetrics();
  const server = await serveMetrics(metrics, { host, port });
  try {
    if (json) printJson({ metrics: { url: server.url } });
    else process.stderr.write(`metrics at ${server.url}\n`);
    return await work(new RunMonitor(metrics));
  } finally {
    await server.close();
  }
}
