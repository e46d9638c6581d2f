/** Each part reaches the servers that it is told of, as a user of its own; who makes a region is told of every secret. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describe as describeTopology } from '../../operators/graph.js';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { kafkaRules, type WorkerGroup } from '../../scripts/deploy/kafkaRules.js';
import { redisUsers } from '../../scripts/deploy/redisRules.js';
import { loadOwnTopology } from '../../scripts/topologyFiles.js';
import { containersOf, topologiesIn } from './kubernetesContainers.js';
import { keptText, manifestsIn, regions } from './kubernetesManifests.js';
import { portsIn, secretsOfServers, unreached } from './kubernetesReach.js';

/** Commands are loaded from their sources. */
const SLOW_MS = 240_000;

/** A change of a region's text, and what must be said of it. */
const MUTATIONS: readonly { readonly what: string; readonly from: string | RegExp; readonly to: string; readonly says: string }[] = [
  {
    what: 'a policy that leaves the gateway out',
    from: /(name: redis\n.*\nspec:[^]*?values:\n)\s+- gateway\n/,
    to: '$1',
    says: 'gateway may not go to --redis, port 6379',
  },
  {
    what: 'a policy that leaves the reader out',
    from: /(name: redis\n.*\nspec:[^]*?values:\n\s+- gateway\n)\s+- reader\n/,
    to: '$1',
    says: 'reader may not go to --redis, port 6379',
  },
  { what: 'another port', from: 'port: 6379', to: 'port: 6380', says: 'worker-events may not go to --redis, port 6379' },
  {
    what: 'the network of nobody, which the overlay has not named',
    from: /(name: redis\n.*\nspec:[^]*?cidr: )\S+/,
    to: '$1192.0.2.0/24',
    says: 'worker-courses may not go to --redis, port 6379',
  },
  {
    what: 'a container without its file',
    from: /\s+- --redis-options\n\s+- \/etc\/skillforge\/redis\/redis.json/,
    to: '',
    says: 'gateway is told of --redis, and not of --redis-options',
  },
  {
    what: 'a file that is not mounted',
    from: /- mountPath: \/etc\/skillforge\/redis\n\s+name: redis\n\s+readOnly: true\n\s+/,
    to: '',
    says: 'gateway has no secret with /etc/skillforge/redis/redis.json',
  },
  {
    what: 'a secret that may be missing',
    from: 'secretName: skillforge-kafka-gateway',
    to: 'secretName: skillforge-kafka-gateway\n          optional: true',
    says: 'gateway has no secret with /etc/skillforge/kafka/kafka.json',
  },
  {
    what: 'the user of another part',
    from: 'skillforge-redis-gateway',
    to: 'skillforge-redis-worker-events',
    says: 'gateway, worker-events share skillforge-redis-worker-events',
  },
  {
    what: 'the user of workers for KEDA',
    from: /skillforge-kafka-keda/g,
    to: 'skillforge-kafka-worker-courses',
    says: 'worker-courses, keda share skillforge-kafka-worker-courses',
  },
  {
    what: 'a schema registry that nobody may reach',
    from: 'SKILLFORGE_REGION: ',
    to: 'SKILLFORGE_REGISTRY: https://registry.internal:8081\n  SKILLFORGE_REGION: ',
    says: 'reader may not go to --registry, port 8081',
  },
  {
    what: 'a schema registry without its file',
    from: 'SKILLFORGE_REGION: ',
    to: 'SKILLFORGE_REGISTRY: https://registry.internal:8081\n  SKILLFORGE_REGION: ',
    says: 'worker-events is told of --registry, and not of --registry-options',
  },
  {
    what: 'a register of homes that the command line names, and nobody may reach',
    from: '- --gateway-folder',
    to: '- --homes\n        - redis://homes.internal:6390\n        - --gateway-folder',
    says: 'gateway may not go to --homes, port 6390',
  },
  {
    what: 'models that another part follows',
    from: 'app.kubernetes.io/name: worker-recommendations\n  policyTypes:\n  - Egress',
    to: 'app.kubernetes.io/name: worker-events\n  policyTypes:\n  - Egress',
    says: 'worker-recommendations may not go to --models, port 443',
  },
  {
    what: 'a key service that the reader may not ask',
    from: /(name: key-service\n.*\nspec:[^]*?values:\n\s+- gateway\n)\s+- reader\n/,
    to: '$1',
    says: 'reader may not go to the key service, port 8200',
  },
  { what: 'no token for the key service', from: 'name: SKILLFORGE_KEYS_TOKEN', to: 'name: ANOTHER', says: 'gateway has no SKILLFORGE_KEYS_TOKEN' },
];

describe('each part reaches what it is told of', { timeout: SLOW_MS }, () => {
  it.for(regions)('with its credentials: %s', async (region) => {
    expect(await unreached(manifestsIn(keptText(region)))).toEqual([]);
  });

  it.for(MUTATIONS)('refuses $what', async ({ from, to, says }) => {
    const text = keptText('eu-west');
    const changed = text.replace(from, to);
    expect(changed, 'the change finds its place').not.toBe(text);
    expect(await unreached(manifestsIn(changed))).toContain(says);
  });

  it.for([
    ['kafka-bootstrap.eu-west.internal:9093', [9093]],
    ['redis-1:6379,redis-2:6380', [6379, 6380]],
    ['registry:https://mlflow.internal', [443]],
    ['rediss://redis.internal', [6379]],
    ['http://localhost:4318', [4318]],
    ['eu-west', []],
    ['/var/lib/skillforge/view', []],
    ['0.0.0.0', []],
  ] as const)('knows the ports of %s', ([value, ports]) => {
    expect(portsIn(value)).toEqual(ports);
  });
});

/** Workers that a command line names, with their topologies. */
const workersIn = (line: string): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries([...line.matchAll(/--worker ([\w-]+)=(\S+)/g)].map(([, name, listed]) => [`worker-${name!}`, listed!.split(',')]));

describe('docs/how-to/deploy-a-region.md', () => {
  const page = readFileSync(join(projectRoot, 'docs', 'how-to', 'deploy-a-region.md'), 'utf8');
  const text = keptText('eu-west');
  /** Rows of the table of secrets of Kafka and Redis: of which part, as which user. */
  const users = new Map([...page.matchAll(/^\| `([\w-]+)` \| `eu-west\.([\w.-]+)` \|/gm)].map(([, part, user]) => [part!, user!]));

  it('names every secret of the manifests, and none that is not there', () => {
    const named = (from: string): string[] => [...new Set(from.match(/\bskillforge-(?:kafka|redis|keys|reader|models)(?:-[\w-]+)?\b/g))].sort();
    const parts = [...users.keys()];
    const listed = named(page.replaceAll('-$part', '-PART')).flatMap((name) =>
      name.endsWith('-PART') ? parts.map((part) => name.replace('PART', part)) : [name],
    );
    // KEDA asks Kafka alone.
    expect([...new Set(listed)].filter((name) => name !== 'skillforge-redis-keda').sort()).toEqual(named(text));
  });

  it('gives each part that has secrets a user that has rules, of the workers that its command names', async () => {
    const manifests = manifestsIn(text);
    expect([...users.keys()].sort()).toEqual([...new Set(secretsOfServers(manifests).map(([, part]) => part))].sort());

    const run = containersOf(manifests).filter(({ args }) => args[0] === 'run');
    const shown = [...page.matchAll(/^skillforge deploy acls .*$/gm)].map(([line]) => workersIn(line));
    expect(shown).toHaveLength(2);
    for (const workers of shown) expect(workers).toEqual(Object.fromEntries(run.map(({ part, args }) => [part, topologiesIn(args)])));

    const groups: WorkerGroup[] = [];
    for (const [part, topologies] of Object.entries(shown[0]!)) {
      const graphs = await Promise.all(topologies.map(async (topology) => describeTopology(await loadOwnTopology(topology))));
      groups.push({ name: part.replace('worker-', ''), graphs });
    }
    const ruled = (names: readonly string[]): Set<string> => new Set(names.map((name) => name.replace(/^(User:)?eu-west\./, '')));
    const onKafka = ruled(kafkaRules('eu-west', groups).map(({ principal }) => principal));
    const onRedis = ruled(redisUsers('eu-west', groups).map(({ user }) => user));
    expect([...users.values()].filter((user) => !onKafka.has(user) || !onRedis.has(user))).toEqual([]);
  });
});
