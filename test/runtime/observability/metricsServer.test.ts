import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { METRICS, PromMetrics, serveMetrics, type MetricName } from '../../../runtime/observability/index.js';
import { familiesOf, valueOf } from './exposition.js';

async function served(metrics: PromMetrics): Promise<string> {
  const server = await serveMetrics(metrics, { host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.close());
  return server.url;
}

/** Asks for a path as it is: `fetch` would make a URL of it first. */
async function statusOf(url: string, path: string): Promise<number> {
  const { hostname, port } = new URL(url);
  const [response] = (await once(get({ hostname, port, path }), 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode!;
}

describe('metrics', () => {
  it('are served as Prometheus reads them, every declared one and those of Node', async () => {
    const metrics = new PromMetrics();
    const response = await fetch(await served(metrics));
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const families = familiesOf(await response.text());
    for (const name of Object.keys(METRICS) as MetricName[])
      expect(families.get(name), name).toMatchObject({ type: METRICS[name].type, help: METRICS[name].help });
    const others = [...families.keys()].filter((name) => !(name in METRICS));
    expect(others.filter((name) => !/^(process|nodejs)_/.test(name))).toEqual([]);
    expect(valueOf(families, 'process_resident_memory_bytes')).toBeGreaterThan(0);
  });

  it('hold what was measured, whatever is in a label', async () => {
    const metrics = new PromMetrics();
    const topology = 'a "quoted"\\name\n@1';
    metrics.add('skillforge_records_total', { topology }, 3);
    metrics.add('skillforge_records_total', { topology }, 4);
    metrics.observe('skillforge_commit_duration_seconds', { topology }, 0.03);
    metrics.replace('skillforge_drifted_features', [[{}, 5]]);
    const families = familiesOf(await metrics.read());
    expect(valueOf(families, 'skillforge_records_total', { topology })).toBe(7);
    expect(valueOf(families, 'skillforge_commit_duration_seconds_bucket', { topology, le: '0.025' })).toBe(0);
    expect(valueOf(families, 'skillforge_commit_duration_seconds_bucket', { topology, le: '0.05' })).toBe(1);
    expect(valueOf(families, 'skillforge_drifted_features')).toBe(5);
  });

  it('of gauges are those of the moment: a series that is not given any more is gone', async () => {
    const metrics = new PromMetrics();
    const psi = (...features: string[]) =>
      metrics.replace(
        'skillforge_feature_psi',
        features.map((feature) => [{ feature }, 0.1]),
      );
    psi('a', 'b');
    psi('b');
    metrics.replace('skillforge_drift_rows', [[{}, 7]]);
    metrics.replace('skillforge_drift_rows', []);
    const families = familiesOf(await metrics.read());
    expect(families.get('skillforge_feature_psi')!.samples).toEqual([{ name: 'skillforge_feature_psi', labels: { feature: 'b' }, value: 0.1 }]);
    expect(families.get('skillforge_drift_rows')!.samples).toEqual([]);
  });

  it('are collected when they are read', async () => {
    const metrics = new PromMetrics();
    let tasks = 0;
    metrics.onRead(() => metrics.replace('skillforge_tasks', [[{ topology: 'a@1' }, ++tasks]]));
    await metrics.read();
    expect(valueOf(familiesOf(await metrics.read()), 'skillforge_tasks')).toBe(2);
  });
});

describe('the server of metrics', () => {
  it('has one path and reads only', async () => {
    const url = await served(new PromMetrics());
    expect((await fetch(new URL('/', url))).status).toBe(404);
    expect(await statusOf(url, '//')).toBe(404);
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('says what failed where metrics cannot be collected, and goes on', async () => {
    const metrics = new PromMetrics();
    let fails = true;
    metrics.onRead(() => {
      if (fails) throw new Error('the store is away');
    });
    const url = await served(metrics);
    const failed = await fetch(url);
    expect([failed.status, await failed.text()]).toEqual([500, 'the store is away\n']);
    fails = false;
    expect((await fetch(url)).status).toBe(200);
  });

  it('says which port it cannot have', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(serveMetrics(new PromMetrics(), { host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'SFS_METRICS_PORT',
      message: expect.stringContaining(`port ${port}`) as unknown,
    });
  });
});
