/** Dashboards and alerts name only what the running system exports. */
import { readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { DASHBOARDS, dashboardPath } from '../../scripts/monitoring/page.js';
import { grafanaJson } from '../../scripts/monitoring/grafana.js';
import { namesIn } from '../../scripts/monitoring/promql.js';
import { exported, type Exported } from './exported.js';
import { alerts } from './rules.js';

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly datasource: { readonly uid: string };
}

interface GrafanaPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly Target[];
}

interface GrafanaDashboard {
  readonly uid: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly panels: readonly GrafanaPanel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string; readonly query: string | { query: string } }[] };
}

const FOLDER = dirname(dashboardPath({ uid: '' }));
const files = readdirSync(FOLDER).map((name) => [name, JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as GrafanaDashboard] as const);
const figures = ({ panels }: GrafanaDashboard): GrafanaPanel[] => panels.filter(({ type }) => type !== 'row');
/** Labels that Prometheus gives to everything that it reads. */
const OF_TARGETS = ['instance', 'job'];

/** Names of an expression that nothing exports. */
function unknownIn(expression: string, exported: Exported): string[] {
  const { metrics, labels } = namesIn(expression);
  const known = new Set([...OF_TARGETS, ...[...metrics].flatMap((metric) => [...(exported.get(metric) ?? [])])]);
  return [...[...metrics].filter((metric) => !exported.has(metric)), ...[...labels].filter((label) => !known.has(label))];
}

describe('a dashboard', () => {
  it('is what its declaration says: else run tsx scripts/monitoring/page.ts', () => {
    expect(files.map(([name]) => name).toSorted()).toEqual(DASHBOARDS.map(({ uid }) => `${uid}.json`).toSorted());
    const outdated = DASHBOARDS.filter((one) => readFileSync(dashboardPath(one), 'utf8') !== grafanaJson(one));
    expect(outdated.map(({ uid }) => uid)).toEqual([]);
  });

  it.each(files)('is named by its uid, and has the source of its figures as a variable: %s', (name, { uid, title, tags, templating }) => {
    expect(basename(name, '.json')).toBe(uid);
    expect(uid).toMatch(/^skillforge-[a-z-]{1,29}$/);
    expect(title).toMatch(/^SkillForge: /);
    expect(tags).toEqual(['skillforge']);
    expect(templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
  });

  it.each(files)('explains each panel, with a unit, and asks the source that was chosen: %s', (_, dashboard) => {
    expect(figures(dashboard).length).toBeGreaterThan(5);
    for (const { title, description, fieldConfig, datasource, targets = [] } of figures(dashboard)) {
      expect(description, title).toMatch(/^\S.*\.$/);
      expect(fieldConfig?.defaults.unit, title).toMatch(/^[a-zA-Z]+$/);
      expect([datasource, ...targets.map((target) => target.datasource)].map((source) => source?.uid)).toEqual(
        Array(targets.length + 1).fill('${datasource}'),
      );
      expect(targets.length, title).toBeGreaterThan(0);
      expect(targets.filter(({ legendFormat }) => legendFormat === '')).toEqual([]);
    }
  });

  it.each(files)('has panels with ids and titles of their own, side by side: %s', (_, { panels }) => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (__, at) => `${x + (at % w)}/${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x >= 0 && x + w <= 24)).toBe(true);
  });

  it.each(files)('uses only variables that it has: %s', (_, dashboard) => {
    const own = dashboard.templating.list.map(({ name }) => name);
    const used = figures(dashboard).flatMap(({ targets = [] }) =>
      targets.flatMap(({ expr }) => [...expr.matchAll(/\$(\w+)/g)].map((found) => found[1]!)),
    );
    expect(used.filter((name) => name !== '__rate_interval' && !own.includes(name))).toEqual([]);
  });

  it('is found by Grafana where the compose file puts it', () => {
    const compose = parse(readFileSync(join(projectRoot, 'docker-compose.kafka.yml'), 'utf8')) as {
      readonly services: Readonly<Record<string, { readonly volumes: readonly string[] }>>;
    };
    const mounted = compose.services['grafana']!.volumes.map((volume) => volume.split(':'));
    const provider = parse(readFileSync(join(projectRoot, 'deploy/grafana/provisioning/dashboards/skillforge.yml'), 'utf8')) as {
      readonly providers: readonly { readonly options: { readonly path: string } }[];
    };
    const at = mounted.find(([, inside]) => inside === provider.providers[0]!.options.path);
    expect(join(projectRoot, at![0]!)).toBe(FOLDER);
  });
});

describe('what dashboards and alerts name', () => {
  let found: Exported;

  beforeAll(async () => {
    found = await exported();
  });

  it.each(files)('is exported by a worker, a reader or a gateway that runs: %s', (_, dashboard) => {
    for (const { title, targets = [] } of figures(dashboard))
      for (const { expr } of targets) expect(unknownIn(expr, found), `${title}: ${expr}`).toEqual([]);
  });

  it.each(files)('and so are the values of variables: %s', (_, { templating }) => {
    for (const { query } of templating.list.slice(1)) {
      const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec((query as { query: string }).query) ?? [];
      expect(unknownIn(`sum by (${label}) (${metric})`, found)).toEqual([]);
    }
  });

  it.each(alerts())('is exported by them: %s', (_, { expr }) => {
    expect(unknownIn(expr, found)).toEqual([]);
  });

  it('is refused where it is not: a metric, a part of one, a label', () => {
    expect(unknownIn('sum by (topology) (rate(skillforge_record_total[5m]))', found)).toEqual(['skillforge_record_total', 'topology']);
    expect(unknownIn('skillforge_commit_duration_seconds', found)).toEqual(['skillforge_commit_duration_seconds']);
    expect(unknownIn('sum by (learner) (skillforge_lag_records)', found)).toEqual(['learner']);
  });
});
