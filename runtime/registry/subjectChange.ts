import { SkillForgeError, compareSchemas, readingProblems, type AvroRecord } from '../../schemas/index.js';
import type { RegistryClient } from './client.js';

/** What a schema breaks in a subject of a registry. */
export interface SubjectProblem {
  readonly subject: string;
  /** Field, such as `personal.clicks`; empty for the record itself. */
  readonly path: string;
  readonly message: string;
}

/** Where the values of a topic have their schemas: the naming that registries call `TopicNameStrategy`. @param topic - its physical name */
export const subjectOf = (topic: string): string => `${topic}-value`;

/**
 * Why the schema of a topic does not keep the compatibility that its subject has by the options; empty when it does.
 * @param topic - its physical name
 * @throws SFS_REGISTRY_UNAVAILABLE, SFS_REGISTRY_REFUSED
 */
export async function subjectProblems(client: RegistryClient, topic: string, schema: AvroRecord): Promise<SubjectProblem[]> {
  const { compatibility } = client;
  const subject = subjectOf(topic);
  const problems = new Map<string, SubjectProblem>();
  const versions = await client.versions(subject);
  for (const older of compatibility.endsWith('_TRANSITIVE') ? versions : versions.slice(-1)) {
    const { backward, forward } = compareSchemas(older, schema);
    if (/^(BACKWARD|FULL)/.test(compatibility))
      for (const { path, message } of backward) add(problems, { subject, path, message: `what was written cannot be read: ${message}` });
    if (/^(FORWARD|FULL)/.test(compatibility))
      for (const { path, message } of forward) add(problems, { subject, path, message: `older readers cannot read it: ${message}` });
  }
  return [...problems.values()];
}

/**
 * Why who reads a topic with this schema cannot read what is written there now, by the newest version of its subject; empty when it can, and for a
 * subject that is not there. @param topic - its physical name
 * @throws SFS_REGISTRY_UNAVAILABLE, SFS_REGISTRY_REFUSED
 */
export async function readerProblems(client: RegistryClient, topic: string, schema: AvroRecord): Promise<SubjectProblem[]> {
  const subject = subjectOf(topic);
  const newest = await client.newest(subject);
  const problems = newest === null ? [] : readingProblems(schema, newest);
  return problems.map(({ path, message }) => ({ subject, path, message: `the newest version cannot be read: ${message}` }));
}

function add(problems: Map<string, SubjectProblem>, problem: SubjectProblem): void {
  problems.set(`${problem.path} ${problem.message}`, problem);
}

/** A problem in words. */
export const problemText = ({ subject, path, message }: SubjectProblem): string => `${subject}, field ${path === '' ? '(record)' : path}: ${message}`;

/** The refusal of a schema, with the fields that are the reason. */
export function schemaRefused(problems: readonly SubjectProblem[], cause?: unknown): SkillForgeError {
  const reason = problems.map(problemText).join('; ');
  return new SkillForgeError('SFS_SCHEMA_REFUSED', `the schema registry refuses ${reason}`, { cause, context: { problems } });
}
