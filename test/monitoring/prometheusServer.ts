/** A Prometheus of this machine with the rules of the project. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { findProgram } from '../../scripts/services/programs.js';
import { PROMETHEUS_FOLDER } from './rules.js';

/** Path of the server; `null` where there is none. */
export const findPrometheus = (): string | null => findProgram(['prometheus']);

/** Where a job is to be read. */
export interface Target {
  readonly job: string;
  readonly url: string;
}

/** A server that runs. */
export interface PrometheusServer {
  /** The answer of its API below `/api/v1/`. */
  ask<T>(path: string): Promise<T>;
  close(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The configuration of the project, every second, with these targets in the place of its own. */
function configFor(targets: readonly Target[]): string {
  const config = parse(readFileSync(join(PROMETHEUS_FOLDER, 'prometheus.yml'), 'utf8')) as {
    readonly scrape_configs: readonly { readonly job_name: string }[];
  };
  const jobs = config.scrape_configs.flatMap((one) => {
    const found = targets.find(({ job }) => job === one.job_name);
    return found === undefined ? [] : [{ ...one, static_configs: [{ targets: [new URL(found.url).host] }] }];
  });
  return stringify({
    ...config,
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [join(PROMETHEUS_FOLDER, 'rules', '*.yml')],
    scrape_configs: jobs,
  });
}

/** Starts it on a port that is free. */
export async function startPrometheus(program: string, targets: readonly Target[]): Promise<PrometheusServer> {
  const folder = mkdtempSync(join(tmpdir(), 'sfs-prometheus-'));
  const config = join(folder, 'prometheus.yml');
  writeFileSync(config, configFor(targets));
  const address = `127.0.0.1:${await freePort()}`;
  const args = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=${address}`];
  const child = spawn(program, args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return {
    ask: async <T>(path: string) => {
      const response = await fetch(`http://${address}/api/v1/${path}`);
      const { status, data, error } = (await response.json()) as { readonly status: string; readonly data: T; readonly error?: string };
      if (status !== 'success') throw new Error(`${path}: ${error ?? ''}`);
      return data;
    },
    close: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}
