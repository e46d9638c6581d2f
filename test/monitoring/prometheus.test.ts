/** A real Prometheus reads what runs, and answers what dashboards ask. */
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { DASHBOARDS } from '../../scripts/monitoring/page.js';
import { skipUnlessLong } from '../fixtures/longForms.js';
import { startParts, type Part } from './parts.js';
import { findPrometheus, startPrometheus, type PrometheusServer } from './prometheusServer.js';
import { alerts } from './rules.js';

const POLL = { timeout: 120_000, interval: 500 };
const SLOW_MS = 300_000;

const queries = DASHBOARDS.flatMap(({ uid, rows }) =>
  rows.flatMap((row) => row.panels.flatMap((panel) => panel.queries.map(({ expression }) => ({ name: `${uid}: ${panel.title}`, expression })))),
);

/** No model decides, no topology is called recommendations, clients send no events and have every right, and every record can be used. */
const IDLE: readonly string[] = [
  'skillforge-models: Candidates that were counted',
  'skillforge-models: Day that is judged',
  'skillforge-models: Exposures and feedback',
  'skillforge-models: Features that have shifted',
  'skillforge-models: Index of features',
  'skillforge-models: Index of scores',
  'skillforge-models: Is the day unlike the training',
  'skillforge-models: Lists made',
  'skillforge-models: What decides',
  'skillforge-privacy: Records that readers cannot use',
  'skillforge-privacy: Requests without a right',
  'skillforge-reader: Exposures and feedback',
  'skillforge-reader: Records that cannot be used',
];

describe('a Prometheus with the configuration of the project', () => {
  let parts: readonly Part[] = [];
  let server: PrometheusServer | null = null;
  let acting: NodeJS.Timeout;

  beforeEach(async (context) => {
    skipUnlessLong(context, 'OPERATIONS');
    const program = findPrometheus();
    context.skip(program === null, 'needs prometheus (on Debian: prometheus), npm run test:setup gets it');
    if (server !== null) return;
    parts = await startParts();
    acting = setInterval(() => void Promise.all(parts.map((part) => part.act())), 200);
    server = await startPrometheus(program!, parts);
  }, SLOW_MS);
  afterAll(async () => {
    clearInterval(acting);
    await server?.close();
    await Promise.all(parts.map((part) => part.close()));
  });

  const seriesOf = async (expression: string): Promise<number> => {
    const asked = expression.replaceAll('$__rate_interval', '10s').replaceAll(/\$\w+/g, '.+');
    return (await server!.ask<{ readonly result: readonly unknown[] }>(`query?query=${encodeURIComponent(asked)}`)).result.length;
  };

  it('reads every part', { timeout: SLOW_MS }, async () => {
    const up = async (): Promise<string[]> => {
      const { activeTargets } = await server!.ask<{ activeTargets: readonly { labels: { job: string }; health: string }[] }>('targets');
      return activeTargets.filter(({ health }) => health === 'up').map(({ labels }) => labels.job);
    };
    await expect.poll(() => up().catch(() => []), POLL).toEqual(expect.arrayContaining(parts.map(({ job }) => job)));
  });

  it('evaluates every alert', { timeout: SLOW_MS }, async () => {
    interface Rules {
      readonly groups: readonly { readonly rules: readonly { readonly name: string; readonly health: string }[] }[];
    }
    const healthy = async (): Promise<string[]> =>
      (await server!.ask<Rules>('rules')).groups.flatMap(({ rules }) => rules.filter(({ health }) => health === 'ok').map(({ name }) => name));
    await expect.poll(() => healthy().catch(() => []), POLL).toHaveLength(alerts().length);
  });

  it('sees a model that is refused, dead letters and events of another region', { timeout: SLOW_MS }, async () => {
    interface Firing {
      readonly alerts: readonly { readonly state: string; readonly labels: { readonly alertname: string } }[];
    }
    const firing = async (): Promise<string[]> =>
      (await server!.ask<Firing>('alerts')).alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
    await expect
      .poll(() => firing().catch(() => []), POLL)
      .toEqual(expect.arrayContaining(['SkillforgeModelRefused', 'SkillforgeDeadLetters', 'SkillforgeOtherRegion']));
  });

  it('has figures for all panels but those of what does not happen here', { timeout: SLOW_MS }, async () => {
    const silent = async (): Promise<string[]> => {
      const counts = await Promise.all(queries.map(async ({ name, expression }) => ((await seriesOf(expression)) === 0 ? [name] : [])));
      return [...new Set(counts.flat())].toSorted();
    };
    await expect.poll(() => silent().catch(String), POLL).toEqual(IDLE);
  });
});
