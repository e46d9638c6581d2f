/** For each rule of the policy a change of the text of a region that it must refuse: what is there, and what takes its first place. */
import type { RULES } from './kubernetesPolicy.js';

/** A change of text. */
export interface Mutation {
  readonly from: string | RegExp;
  readonly to: string;
}

/** By the rule that must refuse it. */
export const MUTATIONS: Readonly<Record<keyof typeof RULES, readonly Mutation[]>> = {
  'an image has a tag or a digest, and not "latest"': [
    { from: /image: skillforge-streams:[\d.]+/, to: 'image: skillforge-streams' },
    { from: /image: skillforge-streams:[\d.]+/, to: 'image: skillforge-streams:latest' },
  ],
  'nobody is root': [
    { from: 'runAsNonRoot: true', to: 'runAsNonRoot: false' },
    { from: 'runAsUser: 10001', to: 'runAsUser: 0' },
    { from: 'type: RuntimeDefault', to: 'type: Unconfined' },
  ],
  'a container writes nothing of itself and may become nobody else': [
    { from: 'readOnlyRootFilesystem: true', to: 'readOnlyRootFilesystem: false' },
    { from: 'allowPrivilegeEscalation: false', to: 'allowPrivilegeEscalation: true' },
    { from: /( +)allowPrivilegeEscalation: false/, to: '$1allowPrivilegeEscalation: false\n$1privileged: true' },
    { from: /- ALL$/m, to: '- NET_RAW' },
  ],
  'a container asks for processor time and memory, and is bounded in memory': [
    { from: /limits:\n(\s+)ephemeral-storage: \S+\n\s+memory: \S+/, to: 'limits:\n$1ephemeral-storage: 1Gi' },
    { from: /requests:\n(\s+)cpu: \S+/, to: 'requests:' },
  ],
  'a container is asked whether it has begun and whether it lives': [
    { from: 'livenessProbe:', to: 'unknownProbe:' },
    { from: 'startupProbe:', to: 'unknownProbe:' },
  ],
  'what serves says when it is ready': [{ from: 'readinessProbe:', to: 'unknownProbe:' }],
  'no pod has a token of the Kubernetes API': [
    { from: /(template:[^]*?)automountServiceAccountToken: false/, to: '$1automountServiceAccountToken: true' },
  ],
  'no pod shares the node': [
    { from: 'enableServiceLinks: false', to: 'hostNetwork: true' },
    { from: /- emptyDir:\n(\s+)sizeLimit: \S+/, to: '- hostPath:\n$1path: /var/run' },
  ],
  'a workload runs in the EU alone': [
    { from: '- eu-west-1', to: '- eu-west-2' },
    { from: '- eu-west-1', to: '- us-east-1' },
    { from: 'operator: In', to: 'operator: NotIn' },
    { from: 'requiredDuringSchedulingIgnoredDuringExecution', to: 'preferredDuringSchedulingIgnoredDuringExecution' },
  ],
  'a workload is scaled by one scaler, to two at least, or is declared as one process that is replaced': [
    { from: 'minReplicaCount: 2', to: 'minReplicaCount: 0' },
    { from: 'minReplicas: 3', to: 'minReplicas: 1' },
    { from: /(kind: StatefulSet[^]*?spec:\n)/, to: '$1  replicas: 3\n' },
    { from: 'type: Recreate', to: 'type: RollingUpdate' },
    { from: 'replicas: 1', to: 'replicas: 2' },
  ],
  'a workload of several spreads over zones': [{ from: 'whenUnsatisfiable: DoNotSchedule', to: 'whenUnsatisfiable: ScheduleAnyway' }],
  'one budget of disruptions lets one pod of a workload go': [
    { from: 'maxUnavailable: 1\n  selector', to: 'maxUnavailable: 100%\n  selector' },
    { from: 'maxUnavailable: 1\n  selector', to: 'minAvailable: 0\n  selector' },
  ],
  'no text of a secret is kept here': [{ from: 'kind: ConfigMap', to: 'kind: Secret' }],
  'no variable holds a password': [{ from: 'name: UV_THREADPOOL_SIZE', to: 'name: REDIS_PASSWORD' }],
  'all traffic is refused that no policy names': [
    { from: 'podSelector: {}\n  policyTypes:\n  - Ingress\n  - Egress', to: 'podSelector: {}\n  policyTypes:\n  - Ingress' },
    {
      from: 'podSelector: {}\n  policyTypes:\n  - Ingress\n  - Egress',
      to: 'podSelector: {}\n  egress:\n  - {}\n  policyTypes:\n  - Ingress\n  - Egress',
    },
  ],
  'a policy opens ports to somebody, not to all': [
    { from: /cidr: \S+/, to: 'cidr: 0.0.0.0/0' },
    { from: /(ingress:\n\s*- )from:/, to: '$1any:' },
    { from: /- namespaceSelector:\n\s+matchLabels:\n\s+skillforge\/may-ask: "true"/, to: '- {}' },
  ],
  'a namespace refuses pods that may do more': [
    { from: 'pod-security.kubernetes.io/enforce: restricted', to: 'pod-security.kubernetes.io/enforce: baseline' },
  ],
  'everything is in the namespace of its region': [{ from: /namespace: skillforge-eu-\w+/, to: 'namespace: default' }],
  'servers, topics and groups are those of the region': [
    { from: /(KAFKA: kafka-bootstrap\.)eu-\w+/, to: '$1eu-north' },
    { from: /(consumerGroup: skillforge\.)eu-\w+/, to: '$1eu-north' },
  ],
};
