/** The manifests build, are what Kubernetes knows, keep the rules, and name what the code has. */
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { describe as describeTopology, type TopologyGraph } from '../../operators/graph.js';
import { consumerGroupId } from '../../runtime/cluster/memberGroup.js';
import { isInstalled, programOf, setupCommand } from '../../scripts/ml/python.js';
import { loadOwnTopology, ownTopologyFiles } from '../../scripts/topologyFiles.js';
import { commandOf, containersOf, topologiesIn } from './kubernetesContainers.js';
import {
  at,
  builtText,
  isOfKeda,
  keepText,
  keptText,
  kustomize,
  listAt,
  manifestsIn,
  regions,
  textAt,
  type Manifest,
} from './kubernetesManifests.js';
import { MUTATIONS } from './kubernetesMutations.js';
import { RULES } from './kubernetesPolicy.js';

/** Oldest and newest Kubernetes that the manifests are for, and which region each is tried on: regions differ in names alone. */
const KUBERNETES = [
  ['1.33', 'eu-west'],
  ['1.36', 'eu-central'],
] as const;

if (process.env['UPDATE_MANIFESTS'] === '1') for (const region of regions) keepText(region, builtText(kustomize!, region));
const texts = new Map(regions.map((region) => [region, keptText(region)]));
const parsed = new Map([...texts].map(([region, text]) => [region, manifestsIn(text)]));
const textOf = (region: string): string => texts.get(region)!;
const manifestsOf = (region: string): readonly Manifest[] => parsed.get(region)!;

describe('what lies in deploy/kubernetes/built', () => {
  it.for(regions)('is what kustomize builds (UPDATE_MANIFESTS=1 keeps it anew): %s', (region, context) => {
    context.skip(kustomize === null, 'neither kustomize nor kubectl is on the PATH: what was built before is checked');
    // Versions of kustomize differ in quotes and in the order of what they write.
    const byName = (all: readonly Manifest[]): Manifest[] => [...all].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    expect(byName(manifestsOf(region))).toEqual(byName(manifestsIn(builtText(kustomize!, region))));
  });
});

const nameOf = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;
const ofKind = (all: readonly Manifest[], kind: string): Manifest[] => all.filter((one) => one.kind === kind);

describe('the manifests of a region', () => {
  const strictly = (text: string, version: string) =>
    spawnSync(programOf('manifests', 'kubernetes-validate'), ['--strict', '--kubernetes-version', version, '-'], { input: text, encoding: 'utf8' });

  it.for(KUBERNETES)('are what Kubernetes %s knows, to the last field: %s', { timeout: 120_000 }, ([version, region], context) => {
    const text = textOf(region);
    context.skip(!isInstalled('manifests'), `the schemas of Kubernetes are missing: ${setupCommand('manifests')}`);
    const { status, stdout } = strictly(text, version);
    const lines = stdout.trim().split('\n');
    expect(lines.filter((line) => line.startsWith('ERROR') || line.startsWith('FATAL'))).toEqual([]);
    expect(status).toBe(0);
    // kedaManifests.test.ts checks the others.
    const known = manifestsOf(region).filter((one) => !isOfKeda(one));
    expect(lines.filter((line) => line.includes(' passed for resource '))).toHaveLength(known.length);
  });

  it('are refused with a field that Kubernetes does not know', { timeout: 120_000 }, (context) => {
    const text = textOf(regions[0]!);
    context.skip(!isInstalled('manifests'), `the schemas of Kubernetes are missing: ${setupCommand('manifests')}`);
    const first = text.split('---\n').find((one) => one.includes('kind: Deployment'))!;
    const { status, stdout } = strictly(first.replace('enableServiceLinks: false', 'enableServiceLink: false'), KUBERNETES[0][0]);
    expect(status).not.toBe(0);
    expect(stdout).toContain('enableServiceLink');
  });

  it.for(regions)('are those of all parts, each with a name of its own: %s', (region) => {
    const names = manifestsOf(region).map(nameOf);
    expect(new Set(names).size).toBe(names.length);
    for (const name of ['worker-events', 'worker-courses', 'worker-recommendations', 'gateway']) expect(names).toContain(`Deployment/${name}`);
    expect(names).toContain('StatefulSet/reader');
  });

  it('differ between regions in what is of the region alone', () => {
    const [first, ...others] = regions.map((region) => [region, textOf(region)] as const);
    const plain = ([region, text]: readonly [string, string]): string =>
      text
        .replace(/key: topology.kubernetes.io\/region\n\s+operator: In\n\s+values:\n(\s+- [a-z0-9-]+\n)+/g, 'regions of data centres\n')
        .replaceAll(region, 'REGION')
        .replace(/cidr: \S+/g, 'cidr')
        .replace(/((?:settings|models)-)\w{10}\b/g, '$1HASH');
    for (const other of others) expect(plain(other)).toBe(plain(first!));
  });
});

describe('the policy', () => {
  describe.each(Object.keys(RULES))('%s', (name) => {
    it.for(regions)('holds in %s', (region) => {
      expect(RULES[name]!(manifestsOf(region), region)).toEqual([]);
    });

    it.for(MUTATIONS[name]!)('refuses $to', ({ from, to }) => {
      const region = 'eu-west';
      const text = textOf(region);
      const changed = text.replace(from, to);
      expect(changed, 'the change finds its place').not.toBe(text);
      expect(RULES[name]!(manifestsIn(changed), region)).not.toEqual([]);
    });
  });

  it('has a change that it refuses for each rule', () => {
    expect(Object.keys(MUTATIONS)).toEqual(Object.keys(RULES));
    expect(Object.values(MUTATIONS).filter((changes) => changes.length === 0)).toEqual([]);
  });
});

describe('what the manifests say of the code', () => {
  let graphs: ReadonlyMap<string, TopologyGraph>;

  beforeAll(async () => {
    const all = await Promise.all(ownTopologyFiles().map(({ name }) => loadOwnTopology(name)));
    graphs = new Map(all.map((topology) => [topology.name, describeTopology(topology)]));
  });

  it('runs every topology once', () => {
    const run = containersOf(manifestsOf(regions[0]!)).flatMap(({ args }) => topologiesIn(args));
    expect([...run].sort()).toEqual([...graphs.keys()].sort());
  });

  it('gives commands options that they have', async () => {
    for (const { args } of containersOf(manifestsOf(regions[0]!))) {
      const command = await commandOf(args);
      const unknown = args.filter((arg) => arg.startsWith('--') && !command.options.some(({ long }) => long === arg));
      expect(unknown, args.join(' ')).toEqual([]);
    }
  });

  it.for(regions)('scales workers by the groups and topics of what they run, with no more processes than partitions: %s', (region) => {
    const all = manifestsOf(region);
    const containers = containersOf(all);
    for (const scaled of ofKind(all, 'ScaledObject')) {
      const { args } = containers.find(({ part }) => part === textAt(scaled, 'spec.scaleTargetRef.name'))!;
      const triggers = listAt(scaled, 'spec.triggers').map((trigger) => at(trigger, 'metadata'));
      const sources = topologiesIn(args).flatMap((name) => sourcesOf(graphs.get(name)!, region));
      for (const trigger of triggers) {
        const source = sources.find(({ group, topic }) => group === textAt(trigger, 'consumerGroup') && topic === textAt(trigger, 'topic'));
        expect(source, JSON.stringify(trigger)).toBeDefined();
        expect(Number(textAt(trigger, 'lagThreshold'))).toBeGreaterThan(1_000);
        // KEDA takes text alone here.
        expect(Object.values(trigger as object).every((value) => typeof value === 'string')).toBe(true);
      }
      expect(triggers.length).toBeGreaterThan(0);
      const most = Math.max(...sources.map(({ partitions }) => partitions));
      expect(Number(at(scaled, 'spec.maxReplicaCount'))).toBeLessThanOrEqual(most);
    }
  });
});

/** Sources of the tasks of a topology, as Kafka names them. */
const sourcesOf = ({ name, version, subtopologies }: TopologyGraph, region: string) =>
  subtopologies
    .flatMap(({ inputs }) => inputs)
    .map(({ topic, partitions }) => ({ group: consumerGroupId(region, `${name}@${version}`), topic: `${region}.${topic}`, partitions }));
