/** What a schema registry has against the schemas of a topology, before anything runs. */
import type { Deployment } from '../../runtime/engine/deployment.js';
import type { RegistryOptions } from '../../runtime/registry/index.js';
import { schemaOf } from '../../schemas/index.js';
import type { PlanProblem } from './plan.js';

/**
 * Why the schemas of the topics that it writes do not fit the versions before, and why it could not read what others write to its sources now.
 * @param registry - `undefined` where there is none: then there are no problems
 * @throws SFS_REGISTRY_OPTION, SFS_REGISTRY_UNAVAILABLE, SFS_REGISTRY_REFUSED
 */
export async function registryProblems(deployment: Deployment, registry: RegistryOptions | undefined): Promise<PlanProblem[]> {
  if (registry === undefined) return [];
  const { RegistryClient, problemText, readerProblems, subjectProblems, withDefaults } = await import('../../runtime/registry/index.js');
  const client = new RegistryClient(withDefaults(registry));
  const problems = new Set<string>();
  for (const topic of deployment.writtenTopics())
    for (const problem of await subjectProblems(client, deployment.physicalName(topic), schemaOf(topic))) problems.add(problemText(problem));
  for (const topic of deployment.readTopics())
    for (const problem of await readerProblems(client, deployment.physicalName(topic), schemaOf(topic))) problems.add(problemText(problem));
  return [...problems].map((message) => ({ code: 'SFS_SCHEMA_REFUSED', message }));
}
