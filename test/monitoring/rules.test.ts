/** Alerts are valid, fire when they should and not otherwise, and have a page that says what to do. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { parse, stringify } from 'yaml';
import { findPromtool } from '../../scripts/checks/promtool.js';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { DASHBOARDS } from '../../scripts/monitoring/page.js';
import { PROMETHEUS_FOLDER, alerts, filesIn } from './rules.js';

/** Runs promtool; skips the test where there is none. */
function promtool(context: TestContext, ...args: readonly string[]): { readonly code: number | null; readonly printed: string } {
  const path = findPromtool();
  context.skip(path === null, 'needs promtool (on Debian: prometheus), npm run test:setup gets it');
  const { status, stdout, stderr } = spawnSync(path!, args, { encoding: 'utf8' });
  return { code: status, printed: stdout + stderr };
}

interface Cases {
  readonly tests: readonly { readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[] }[];
}

const cases = filesIn('tests').flatMap((path) => (parse(readFileSync(path, 'utf8')) as Cases).tests.flatMap((one) => one.alert_rule_test));
const casesOf = (name: string, fires: boolean): unknown[] =>
  cases.filter(({ alertname, exp_alerts }) => alertname === name && exp_alerts.length > 0 === fires);

describe('the configuration of Prometheus', () => {
  it('is accepted, and its rules are', (context) => {
    const { code, printed } = promtool(context, 'check', 'config', join(PROMETHEUS_FOLDER, 'prometheus.yml'));
    expect(code, printed).toBe(0);
    expect(printed).toContain(`${filesIn('rules').length} rule files found`);
  });

  it('reads the jobs that alerts and dashboards know', () => {
    const config = parse(readFileSync(join(PROMETHEUS_FOLDER, 'prometheus.yml'), 'utf8')) as {
      readonly scrape_configs: readonly { job_name: string }[];
    };
    const jobs = config.scrape_configs.map(({ job_name: job }) => job);
    const expressions = [...alerts().map(([, { expr }]) => expr), ...DASHBOARDS.flatMap(expressionsOf)];
    const named = expressions.flatMap((expression) => [...expression.matchAll(/job="([^"]+)"/g)].map((found) => found[1]!));
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((job) => !jobs.includes(job))).toEqual([]);
  });
});

describe('the alerts', () => {
  it('fire and are silent as their cases say', (context) => {
    const { code, printed } = promtool(context, 'test', 'rules', ...filesIn('tests'));
    expect(code, printed).toBe(0);
  });

  it.each(alerts())('have cases of both kinds: %s', (name) => {
    expect(casesOf(name, true).length).toBeGreaterThan(0);
    expect(casesOf(name, false).length).toBeGreaterThan(0);
  });

  it.each(alerts())('are warnings or worse, with a sentence and a page: %s', (_, { labels, annotations }) => {
    expect(['warning', 'critical']).toContain(labels.severity);
    expect(annotations.summary).toMatch(/\S/);
    expect(existsSync(join(projectRoot, annotations.runbook))).toBe(true);
  });

  it('have names of their own', () => {
    const names = alerts().map(([name]) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^Skillforge([A-Z][a-z]+)+$/.test(name))).toEqual([]);
  });
});

describe('a runbook', () => {
  const pages = readdirSync(join(projectRoot, 'docs', 'runbooks'));

  it.each(pages)('belongs to an alert, names it, and says what it means, how to look and what to do: %s', (page) => {
    const of = alerts().filter(([, { annotations }]) => annotations.runbook === `docs/runbooks/${page}`);
    const text = readFileSync(join(projectRoot, 'docs', 'runbooks', page), 'utf8');
    expect(of.length).toBeGreaterThan(0);
    for (const [name, { labels }] of of) expect(text).toContain(`\`${name}\` (${labels.severity})`);
    expect([...text.matchAll(/^## (.+)$/gm)].map((found) => found[1])).toEqual(['What it means', 'How to look', 'What to do']);
  });
});

function expressionsOf({ rows }: (typeof DASHBOARDS)[number]): string[] {
  return rows.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(({ expression }) => expression)));
}

describe('the expressions of dashboards', () => {
  it('are valid PromQL', (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'sfs-promql-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    // As rules, with what Grafana puts in the place of its variables.
    const rules = DASHBOARDS.flatMap(expressionsOf).map((expression, at) => ({
      record: `panel:${at}`,
      expr: expression.replaceAll('$__rate_interval', '5m').replaceAll(/\$\w+/g, '.+'),
    }));
    const path = join(folder, 'panels.yml');
    writeFileSync(path, stringify({ groups: [{ name: 'panels', rules }] }));
    const { code, printed } = promtool(context, 'check', 'rules', path);
    expect(code, printed).toBe(0);
    expect(printed).toContain(`${rules.length} rules found`);
  });
});
