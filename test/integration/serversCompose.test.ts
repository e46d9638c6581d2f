/** docker-compose.kafka.yml is read, not run: no Docker engine is needed. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { VERSIONS } from '../../scripts/services/artifacts.js';

interface ComposeService {
  readonly image: string;
  readonly ports: readonly string[];
  readonly healthcheck: { readonly test: readonly string[] };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly command?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, null>>;
}

const FILE = join(projectRoot, 'docker-compose.kafka.yml');

/** YAML as Python reads it: the project needs no parser of its own for one file. */
function yaml(text: string): unknown {
  const program = 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)';
  const { status, stdout, stderr } = spawnSync('python3', ['-c', program], { input: text, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const needsYaml = (context: TestContext): void =>
  context.skip(spawnSync('python3', ['-c', 'import yaml']).status !== 0, 'needs Python 3 with yaml (on Debian: python3-yaml)');

describe('docker-compose.kafka.yml', () => {
  let compose: Compose;

  beforeEach((context) => {
    needsYaml(context);
    compose = yaml(readFileSync(FILE, 'utf8')) as Compose;
  });

  it('has Kafka, Redis, a registry, Prometheus and Grafana, each pinned, with a health check, and for this machine alone', () => {
    expect(Object.keys(compose.services)).toEqual(['kafka', 'redis', 'registry', 'prometheus', 'grafana']);
    for (const { image, ports, healthcheck } of Object.values(compose.services)) {
      expect(image).toMatch(/:v?\d+\.\d+\.\d+/);
      expect(healthcheck.test[0]).toBe('CMD');
      expect(ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+:\d+$/)]);
    }
  });

  it('has the versions that the tests run', () => {
    expect(compose.services['kafka']!.image).toBe(`apache/kafka:${VERSIONS.kafka}`);
    expect(compose.services['registry']!.image).toBe(`apicurio/apicurio-registry-mem:${VERSIONS.registry}`);
  });

  it('tells programs of this machine the port of Kafka that is open to them', () => {
    const { ports, environment } = compose.services['kafka']!;
    const [, outside, inside] = ports[0]!.split(':');
    expect(environment!['KAFKA_ADVERTISED_LISTENERS']).toContain(`HOST://localhost:${outside}`);
    expect(environment!['KAFKA_LISTENERS']).toContain(`HOST://:${inside}`);
    const names = environment!['KAFKA_LISTENERS']!.split(',').map((listener) => listener.split(':')[0]);
    const mapped = environment!['KAFKA_LISTENER_SECURITY_PROTOCOL_MAP']!.split(',').map((pair) => pair.split(':')[0]);
    expect(names).toEqual(mapped);
  });

  it('keeps the writes of Redis', () => {
    expect(compose.services['redis']!.command!.join(' ')).toContain('--appendonly yes');
  });

  it('names only volumes, files and servers that it has', () => {
    const services = Object.values(compose.services);
    const mounted = services.flatMap((service) => (service.volumes ?? []).map((volume) => volume.split(':')[0]!));
    const volumes = mounted.filter((volume) => !volume.startsWith('./'));
    expect(volumes.toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
    expect(mounted.filter((path) => path.startsWith('./') && !existsSync(join(projectRoot, path)))).toEqual([]);
    expect(services.flatMap((service) => Object.keys(service.depends_on ?? {})).filter((name) => !(name in compose.services))).toEqual([]);
  });

  it('gives Prometheus and Grafana files that can be read, and addresses of its servers and of this machine', () => {
    const read = (path: string): unknown => yaml(readFileSync(join(projectRoot, 'deploy', path), 'utf8'));
    const prometheus = read('prometheus/prometheus.yml') as { scrape_configs: { static_configs: { targets: string[] }[] }[] };
    const targets = prometheus.scrape_configs.flatMap(({ static_configs: all }) => all.flatMap((one) => one.targets));
    expect(new Set(targets.map((target) => target.split(':')[0]))).toEqual(new Set(['localhost', 'registry', 'host.docker.internal']));
    const grafana = read('grafana/provisioning/datasources/prometheus.yml') as { datasources: { url: string }[] };
    expect(grafana.datasources.map(({ url }) => new URL(url).hostname)).toEqual(['prometheus']);
  });

  it('is accepted by Docker Compose', { timeout: 60_000 }, (context) => {
    context.skip(spawnSync('docker', ['compose', 'version']).status !== 0, 'needs the Compose plugin of Docker');
    const { status, stderr } = spawnSync('docker', ['compose', '-f', FILE, 'config', '--quiet'], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
  });
});
