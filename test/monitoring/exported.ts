/** What the running parts of the system print at `/metrics`. */
import { READER_METRICS } from '../../reader/metrics.js';
import { METRICS, type MetricDeclaration } from '../../runtime/observability/index.js';
import { familiesOf, type Family } from '../runtime/observability/exposition.js';
import { startParts, type Part } from './parts.js';

/** Names of series, and the labels that each may have. */
export type Exported = ReadonlyMap<string, ReadonlySet<string>>;

/** Everything that the parts export, and what Prometheus adds by itself. */
export async function exported(): Promise<Exported> {
  const found = new Map<string, Set<string>>([
    ['up', new Set()],
    ['ALERTS', new Set(['alertname', 'alertstate'])],
  ]);
  const declared: Readonly<Record<string, Pick<MetricDeclaration, 'labels'>>> = { ...METRICS, ...READER_METRICS };
  for (const text of await textsOf(await startParts()))
    for (const [name, family] of familiesOf(text)) addFamily(found, name, family, declared[name]?.labels ?? []);
  return found;
}

async function textsOf(parts: readonly Part[]): Promise<string[]> {
  try {
    await Promise.all(parts.map((part) => part.act()));
    return await Promise.all(parts.map(async ({ url }) => (await fetch(url)).text()));
  } finally {
    await Promise.all(parts.map((part) => part.close()));
  }
}

function addFamily(found: Map<string, Set<string>>, name: string, { type, samples }: Family, declared: readonly string[]): void {
  const labels = [...declared, ...samples.flatMap((sample) => Object.keys(sample.labels))];
  if (type === 'histogram') labels.push('le');
  const names = type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
  for (const one of names) found.set(one, new Set([...(found.get(one) ?? []), ...labels]));
}
