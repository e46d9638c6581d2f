/**
 * What commands are told of, by the environment or their command line, must be within reach: a server takes a policy that lets the pod out to it, and the
 * file with the credentials for it.
 */
import type { Option } from 'commander';
import { commandOf, containersOf, environmentOf, isSelected, podLabels, secretAt, secretOfVariable, type Container } from './kubernetesContainers.js';
import { listAt, textAt, type Manifest } from './kubernetesManifests.js';

/** The network that stands in the sources for one that an overlay has to name: addresses of documents (RFC 5737). */
const NOBODY = '192.0.2.0/24';
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'redis:': 6379, 'rediss:': 6379 };
/** Where the key service listens; which one it is stands in Redis. */
const KEY_SERVICE_PORT = 8200;

/** Ports of the servers that a value names; none where it names no server. */
export function portsIn(value: string): readonly number[] {
  const places = value.replace(/^registry:/, '').split(',');
  return places.flatMap((place) => {
    if (URL.canParse(place) && place.includes('://')) {
      const { port, protocol } = new URL(place);
      return [port === '' ? PORTS[protocol]! : Number(port)];
    }
    const [, port] = /^[\w.-]+:(\d+)$/.exec(place) ?? [];
    return port === undefined ? [] : [Number(port)];
  });
}

/** Lines for what a container is told of and cannot reach or use. */
export async function unreached(all: readonly Manifest[]): Promise<string[]> {
  const lines: string[] = [];
  for (const container of containersOf(all)) {
    const { options } = await commandOf(container.args);
    for (const option of options) {
      const ports = portsIn(valueOf(option, container, environmentOf(all, container)));
      if (ports.length > 0) lines.push(...withoutFile(container, option, options), ...withoutWay(all, container, option.long!, ports));
    }
    // Who is told of Redis looks there for data keys, and asks the key service to open them.
    if (options.some(({ envVar }) => envVar === 'SKILLFORGE_REDIS_URL')) lines.push(...withoutKeys(all, container));
  }
  return [...lines, ...sharedSecrets(all)];
}

/** As the command takes it: its own line before the environment; empty where neither has it. */
function valueOf({ long, envVar = '' }: Option, { args }: Container, given: ReadonlyMap<string, string>): string {
  const place = args.indexOf(long!);
  return (place < 0 ? given.get(envVar) : args[place + 1]) ?? '';
}

/** An option `--redis` has its file in `--redis-options`, where the command has that. */
function withoutFile(container: Container, { long }: Option, options: readonly Option[]): string[] {
  const file = `${long!}-options`;
  if (!options.some((one) => one.long === file)) return [];
  const place = container.args.indexOf(file);
  if (place < 0) return [`${container.part} is told of ${long!}, and not of ${file}`];
  const path = container.args[place + 1]!;
  return secretAt(container, path) === null ? [`${container.part} has no secret with ${path}`] : [];
}

function withoutWay(all: readonly Manifest[], { part, workload }: Container, to: string, ports: readonly number[]): string[] {
  const policies = all.filter(
    ({ kind, spec }) => kind === 'NetworkPolicy' && isSelected((spec as { podSelector: unknown }).podSelector, podLabels(workload)),
  );
  const ways = policies.flatMap((policy) => (listAt(policy, 'spec.policyTypes').includes('Egress') ? listAt(policy, 'spec.egress') : []));
  const leads = (way: unknown, port: number): boolean =>
    listAt(way, 'ports').some((one) => textAt(one, 'protocol') === 'TCP' && (one as { port: unknown }).port === port) &&
    listAt(way, 'to').some((peer) => !['', NOBODY].includes(textAt(peer, 'ipBlock.cidr')));
  return [...new Set(ports)].filter((port) => !ways.some((way) => leads(way, port))).map((port) => `${part} may not go to ${to}, port ${port}`);
}

function withoutKeys(all: readonly Manifest[], container: Container): string[] {
  const token = secretOfVariable(container, 'SKILLFORGE_KEYS_TOKEN');
  const lines = token === null ? [`${container.part} has no SKILLFORGE_KEYS_TOKEN`] : [];
  return [...lines, ...withoutWay(all, container, 'the key service', [KEY_SERVICE_PORT])];
}

/** Each part is a user of its own: no two of them have one secret. KEDA is one of them. */
function sharedSecrets(all: readonly Manifest[]): string[] {
  const users = new Map<string, Set<string>>();
  for (const [secret, part] of secretsOfServers(all)) users.set(secret, (users.get(secret) ?? new Set()).add(part));
  return [...users].filter(([, parts]) => parts.size > 1).map(([secret, parts]) => `${[...parts].join(', ')} share ${secret}`);
}

/** Secrets of Kafka and Redis, each with the part that uses it. */
export const secretsOfServers = (all: readonly Manifest[]): (readonly [secret: string, part: string])[] => [
  ...containersOf(all).flatMap(({ workload, part }) =>
    listAt(workload, 'spec.template.spec.volumes')
      .map((volume) => textAt(volume, 'secret.secretName'))
      .filter((name) => /^skillforge-(kafka|redis)/.test(name))
      .map((name) => [name, part] as const),
  ),
  ...all
    .filter(({ kind }) => kind === 'TriggerAuthentication')
    .flatMap((one) => listAt(one, 'spec.secretTargetRef').map((ref) => [textAt(ref, 'name'), 'keda'] as const)),
];
