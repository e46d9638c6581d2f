/** Writes `docs/reference/metrics.md` from the declarations: `tsx scripts/metricsReference/page.ts`. With `--check` it only compares. */
import { join } from 'node:path';
import { GatewayMetrics } from '../../gateway/metrics.js';
import { READER_METRICS, type ReaderMetric } from '../../reader/metrics.js';
import { METRICS, type MetricDeclaration } from '../../runtime/observability/index.js';
import { packageRoot } from '../../schemas/index.js';
import { writtenByProgram } from '../writtenFile.js';

const INTRODUCTION = `# Metrics

<!-- Written by scripts/metricsReference/page.ts from the declarations of the rooms: change those, then run it. -->

Everything that is served at \`/metrics\`, in the text format of Prometheus. No label holds an id of a person, an item or a key. How to use them:
[monitor](../how-to/monitor.md), [watch drift](../how-to/watch-drift.md).`;

const WORKERS = `## Workers

What \`run --metrics-port\` and \`start --metrics-port\` serve. Each process tells of itself: sum over the
processes of a job. Counters begin at 0 with the process, and grow with commits: what was computed and not committed is not counted, and what is computed again
after a failure counts once. Gauges are of the moment at which they are read. The metrics of Node itself (\`process_*\`, \`nodejs_*\`) are there, too.`;

const READERS = `## Readers

What \`reader serve --metrics\` serves, on the port of the reader. The metrics of Node itself are there, too. Where the reader asks for keys, the scope is \`console:read\`.`;

const GATEWAYS = `## Gateways

What \`gateway\` serves, on its port.`;

type Row = readonly [name: string, declaration: Pick<MetricDeclaration, 'type' | 'labels' | 'help'>];

/** The text of the reference. */
export function metricsReference(): string {
  const workers = Object.entries<MetricDeclaration>(METRICS);
  const readers = Object.entries<ReaderMetric>(READER_METRICS);
  const ofWorkers = [WORKERS, tableOf(workers), bucketsText(workers)];
  const ofReaders = [READERS, tableOf(readers), bucketsText(readers)];
  return [INTRODUCTION, ...ofWorkers, ...ofReaders, GATEWAYS, tableOf(gatewayRows())].join('\n\n') + '\n';
}

/** Those of the gateway stand in its registry. */
function gatewayRows(): Row[] {
  const metrics = new GatewayMetrics(new Set(), () => 0).registry.getMetricsAsArray() as unknown as readonly (Row[1] & Named)[];
  return metrics.map(({ name, type, help, labelNames }) => [name, { type, labels: labelNames, help: `${help}.` }]);
}

/** What a metric of the library has beside its type and help. */
interface Named {
  readonly name: string;
  readonly labelNames: readonly string[];
}

const tableOf = (rows: readonly Row[]): string => ['| metric | type | labels | meaning |', '|---|---|---|---|', ...rows.map(rowOf)].join('\n');

function rowOf([name, { type, labels, help }]: Row): string {
  return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help.replaceAll('|', '\\|')} |`;
}

function bucketsText(declared: readonly (readonly [name: string, declaration: Pick<MetricDeclaration, 'type' | 'buckets'>])[]): string {
  const histograms = declared.filter(([, { type }]) => type === 'histogram');
  return histograms.map(([name, { buckets }]) => `Upper bounds of \`${name}\`: ${buckets!.join(', ')}.`).join('\n\n');
}

/** Where the reference lies. */
export const metricsReferencePath = (): string => join(packageRoot(), 'docs', 'reference', 'metrics.md');

await writtenByProgram(import.meta.url, metricsReferencePath(), metricsReference, 'tsx scripts/metricsReference/page.ts');
