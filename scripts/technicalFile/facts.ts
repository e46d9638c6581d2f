/** What the technical file tells, read from where it is so: declarations, the demo model, the rules of alerts, the documents that decide. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS } from '../../runtime/observability/index.js';
import { GatewayMetrics } from '../../gateway/metrics.js';
import { READER_METRICS } from '../../reader/metrics.js';
import { packageRoot } from '../../schemas/index.js';

const DAY_MS = 86_400_000;

/** What people decide is in answers within so many seconds, at most: what the tests of oversight hold it to. */
export const WITHIN_SECONDS = 10;

/** A retention in words. */
export const dayText = (ms: number | null): string => (ms === null ? 'for ever' : `${Math.round(ms / DAY_MS)} days`);

/** A figure of a model, for each list. */
interface ListFigures {
  readonly 'ndcg@10': number;
  readonly popularity: number;
  readonly decisions: number;
  readonly heldOut: number;
}

/** What is told of the demo model. */
export interface DemoModel {
  readonly version: string;
  readonly region: string;
  readonly features: number;
  readonly featureSet: string;
  readonly figures: Readonly<Record<'next' | 'new', ListFigures>>;
  /** Headings of its card. */
  readonly headings: readonly string[];
}

/** The demo model of the package, by its manifest and its card. */
export function demoModel(): DemoModel {
  const folder = join(packageRoot(), 'models', 'demo');
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly region: string;
    readonly featureSet: { readonly id: string; readonly columns: readonly string[] };
    readonly metrics: DemoModel['figures'];
  };
  const card = readFileSync(join(folder, 'model-card.md'), 'utf8');
  const { name, version, region, featureSet, metrics } = manifest;
  return {
    version: `${name}@${version}`,
    region,
    features: featureSet.columns.length,
    featureSet: featureSet.id,
    figures: metrics,
    headings: [...card.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading!),
  };
}

/** An alert as the rules have it. */
export interface Alert {
  readonly name: string;
  readonly severity: string;
  readonly summary: string;
}

/** The alerts of all rules, by their names. */
export function alerts(): Alert[] {
  const folder = join(packageRoot(), 'deploy', 'prometheus', 'rules');
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const rules = texts.flatMap((text) => text.split(/^\s*- alert: /m).slice(1));
  const found = rules.map((rule) => ({ name: rule.split('\n')[0]!.trim(), severity: valueOf(rule, 'severity'), summary: valueOf(rule, 'summary') }));
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const valueOf = (rule: string, key: string): string =>
  new RegExp(`\\b${key}: (.+?)( })?$`, 'm').exec(rule)?.[1]?.replaceAll(/^['"]|['"]$/g, '') ?? '';

/** Names of all metrics of this project. */
export function metricNames(): string[] {
  const ofGateway = new GatewayMetrics(new Set(), () => 0).registry.getMetricsAsArray() as unknown as readonly { readonly name: string }[];
  return [...Object.keys(METRICS), ...Object.keys(READER_METRICS), ...ofGateway.map(({ name }) => name)];
}

/** A decision about how this is made. */
export interface Decision {
  readonly file: string;
  readonly title: string;
}

/** The decisions in docs/adr, in their order. */
export function decisions(): Decision[] {
  const folder = join(packageRoot(), 'docs', 'adr');
  const files = readdirSync(folder)
    .filter((name) => /^\d{4}-.+\.md$/.test(name))
    .sort();
  return files.map((file) => ({ file, title: /^# \d+: (.+)$/m.exec(readFileSync(join(folder, file), 'utf8'))![1]! }));
}

/** Exact versions of what the package runs on. */
export function dependencies(): readonly (readonly [name: string, version: string])[] {
  const { dependencies: needed, engines } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly engines: { readonly node: string };
  };
  return [['node', engines.node], ...Object.entries(needed)];
}
