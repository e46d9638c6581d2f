/** What every manifest of a region must keep, as rules over the objects of one region: each gives a line for what breaks it. */
import { isSelected, podLabels } from './kubernetesContainers.js';
import { at, listAt, textAt, type Manifest } from './kubernetesManifests.js';

/** A rule, by what it asks. */
export type Rule = (manifests: readonly Manifest[], region: string) => readonly string[];

/** Data centres in the EU, by the names that providers give them: London (eu-west-2, europe-west2) and Zurich are not. */
const EU_REGIONS = new Set([
  ...['eu-west-1', 'eu-west-3', 'eu-central-1', 'eu-north-1', 'eu-south-1', 'eu-south-2'],
  ...[
    'europe-west1',
    'europe-west3',
    'europe-west4',
    'europe-west8',
    'europe-west9',
    'europe-west10',
    'europe-west12',
    'europe-north1',
    'europe-central2',
    'europe-southwest1',
  ],
  ...['northeurope', 'westeurope', 'francecentral', 'germanywestcentral', 'swedencentral', 'polandcentral', 'italynorth', 'spaincentral'],
]);

const WORKLOADS = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'];
const CLUSTER_WIDE = ['Namespace'];

const nameOf = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;
const ofKind = (manifests: readonly Manifest[], ...kinds: string[]): Manifest[] => manifests.filter(({ kind }) => kinds.includes(kind));
const workloads = (manifests: readonly Manifest[]): Manifest[] => ofKind(manifests, ...WORKLOADS);
const isOneProcess = ({ metadata }: Manifest): boolean => metadata.annotations?.['skillforge/one-process'] !== undefined;

/** A rule over workloads: names those that break it. */
const everyWorkload =
  (holds: (workload: Manifest, manifests: readonly Manifest[]) => boolean): Rule =>
  (manifests) =>
    workloads(manifests).flatMap((one) => (holds(one, manifests) ? [] : [nameOf(one)]));

/** A rule over containers, those that begin before others included. */
const everyContainer =
  (holds: (container: unknown, workload: Manifest) => boolean): Rule =>
  (manifests) =>
    workloads(manifests).flatMap((workload) => {
      const containers = ['initContainers', 'containers'].flatMap((which) => listAt(workload, `spec.template.spec.${which}`));
      return containers.flatMap((one) => (holds(one, workload) ? [] : [`${nameOf(workload)} ${textAt(one, 'name')}`]));
    });

function affinityRegions(workload: Manifest): readonly unknown[] {
  const terms = listAt(workload, 'spec.template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms');
  // Terms are alternatives: each must name regions.
  if (terms.length === 0) return ['anywhere'];
  return terms.flatMap((term) => {
    const ofRegion = listAt(term, 'matchExpressions').filter(
      (one) => textAt(one, 'key') === 'topology.kubernetes.io/region' && textAt(one, 'operator') === 'In',
    );
    return ofRegion.length === 0 ? ['anywhere'] : ofRegion.flatMap((one) => listAt(one, 'values'));
  });
}

function isScaled(workload: Manifest, manifests: readonly Manifest[]): boolean {
  const scalers = ofKind(manifests, 'ScaledObject', 'HorizontalPodAutoscaler').filter(
    (one) => textAt(one, 'spec.scaleTargetRef.name') === workload.metadata.name,
  );
  const least = (one: Manifest): unknown => at(one, 'spec.minReplicaCount') ?? at(one, 'spec.minReplicas');
  return scalers.length === 1 && Number(least(scalers[0]!)) >= 2 && at(workload, 'spec.replicas') === undefined;
}

const isGuarded = (container: unknown): boolean =>
  at(container, 'securityContext.readOnlyRootFilesystem') === true &&
  at(container, 'securityContext.allowPrivilegeEscalation') === false &&
  at(container, 'securityContext.privileged') !== true &&
  listAt(container, 'securityContext.capabilities.drop').includes('ALL');

function isUser(workload: Manifest): boolean {
  const context = at(workload, 'spec.template.spec.securityContext');
  return at(context, 'runAsNonRoot') === true && Number(at(context, 'runAsUser')) > 0 && textAt(context, 'seccompProfile.type') === 'RuntimeDefault';
}

function deniesAll(manifest: Manifest): boolean {
  const spec = at(manifest, 'spec');
  const isOfAll = Object.keys(at(spec, 'podSelector') ?? { no: 1 }).length === 0;
  const types = listAt(spec, 'policyTypes');
  return isOfAll && types.includes('Ingress') && types.includes('Egress') && at(spec, 'ingress') === undefined && at(spec, 'egress') === undefined;
}

/** An opening without `to` or `from`, to every address, or without ports is none of the few that are meant. */
function openings(manifest: Manifest): string[] {
  const sides = [
    ...listAt(manifest, 'spec.ingress').map((one) => ({ one, peers: 'from' })),
    ...listAt(manifest, 'spec.egress').map((one) => ({ one, peers: 'to' })),
  ];
  const isWide = ({ one, peers }: (typeof sides)[number]): boolean =>
    listAt(one, peers).length === 0 ||
    listAt(one, 'ports').length === 0 ||
    listAt(one, peers).some((peer) => /\/[0-7]$/.test(textAt(peer, 'ipBlock.cidr')) || Object.keys(peer as object).length === 0);
  return sides.some(isWide) ? [nameOf(manifest)] : [];
}

/** Every rule, by its name. */
export const RULES: Readonly<Record<string, Rule>> = {
  'an image has a tag or a digest, and not "latest"': everyContainer((container) =>
    /(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$/.test(textAt(container, 'image')),
  ),
  'nobody is root': everyWorkload(isUser),
  'a container writes nothing of itself and may become nobody else': everyContainer(isGuarded),
  'a container asks for processor time and memory, and is bounded in memory': everyContainer((container) =>
    ['requests.cpu', 'requests.memory', 'limits.memory'].every((path) => at(container, `resources.${path}`) !== undefined),
  ),
  'a container is asked whether it has begun and whether it lives': everyContainer(
    (container) => at(container, 'startupProbe') !== undefined && at(container, 'livenessProbe') !== undefined,
  ),
  'what serves says when it is ready': everyContainer(
    (container, workload) => podLabels(workload)['app.kubernetes.io/component'] === 'worker' || at(container, 'readinessProbe.httpGet') !== undefined,
  ),
  'no pod has a token of the Kubernetes API': everyWorkload((one) => at(one, 'spec.template.spec.automountServiceAccountToken') === false),
  'no pod shares the node': everyWorkload(
    (one) =>
      ['hostNetwork', 'hostPID', 'hostIPC'].every((name) => at(one, `spec.template.spec.${name}`) !== true) &&
      listAt(one, 'spec.template.spec.volumes').every((volume) => at(volume, 'hostPath') === undefined),
  ),
  'a workload runs in the EU alone': everyWorkload((one) => affinityRegions(one).every((name) => EU_REGIONS.has(String(name)))),
  'a workload is scaled by one scaler, to two at least, or is declared as one process that is replaced': everyWorkload((one, manifests) =>
    isOneProcess(one) ? at(one, 'spec.replicas') === 1 && textAt(one, 'spec.strategy.type') === 'Recreate' : isScaled(one, manifests),
  ),
  'a workload of several spreads over zones': everyWorkload(
    (one) =>
      isOneProcess(one) ||
      listAt(one, 'spec.template.spec.topologySpreadConstraints').some(
        (spread) => textAt(spread, 'topologyKey') === 'topology.kubernetes.io/zone' && textAt(spread, 'whenUnsatisfiable') === 'DoNotSchedule',
      ),
  ),
  'one budget of disruptions lets one pod of a workload go': everyWorkload((one, manifests) => {
    const budgets = ofKind(manifests, 'PodDisruptionBudget').filter((budget) => isSelected(at(budget, 'spec.selector'), podLabels(one)));
    return budgets.length === 1 && at(budgets[0], 'spec.maxUnavailable') === 1;
  }),
  'no text of a secret is kept here': (manifests) => ofKind(manifests, 'Secret').map(nameOf),
  'no variable holds a password': everyContainer((container) =>
    listAt(container, 'env').every((one) => !/PASSWORD|SECRET|TOKEN|_KEY$/.test(textAt(one, 'name')) || at(one, 'value') === undefined),
  ),
  'all traffic is refused that no policy names': (manifests) => (ofKind(manifests, 'NetworkPolicy').some(deniesAll) ? [] : ['no policy refuses all']),
  'a policy opens ports to somebody, not to all': (manifests) => ofKind(manifests, 'NetworkPolicy').flatMap(openings),
  'a namespace refuses pods that may do more': (manifests) =>
    ofKind(manifests, 'Namespace').flatMap((one) =>
      one.metadata.labels?.['pod-security.kubernetes.io/enforce'] === 'restricted' ? [] : [nameOf(one)],
    ),
  'everything is in the namespace of its region': (manifests, region) =>
    manifests.flatMap((one) =>
      (CLUSTER_WIDE.includes(one.kind) ? one.metadata.name : one.metadata.namespace) === `skillforge-${region}` ? [] : [nameOf(one)],
    ),
  'servers, topics and groups are those of the region': (manifests, region) =>
    ofKind(manifests, 'ConfigMap', 'ScaledObject').flatMap((one) => {
      const named = JSON.stringify(one).match(/\beu-[a-z]+\b(?!-\d)/g) ?? [];
      return named.length > 0 && named.every((name) => name === region) ? [] : [nameOf(one)];
    }),
};
