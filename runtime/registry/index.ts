/**
 * A schema registry with Confluent's interface: the ids of the wire format come from there, and records of any schema that it knows are read.
 *
 * @example
 * const schemas = openRegistry({ url: 'http://registry:8081' }, storage.documents);
 * await schemas.register('eu-west.grades', 'Grade', gradeSchema);
 */
import type { SchemaRegistry, Storage } from '../ports.js';
import { RegistryClient } from './client.js';
import { withDefaults, type RegistryOptions } from './options.js';
import { RegisteredIds } from './registeredIds.js';

export { RegistryClient } from './client.js';
export { COMPATIBILITIES, withDefaults, type Compatibility, type FullRegistryOptions, type RegistryOptions } from './options.js';
export { problemText, readerProblems, subjectOf, subjectProblems, type SubjectProblem } from './subjectChange.js';

/** Ids of a registry, with what the documents remember of it; nothing is asked yet. @throws SFS_REGISTRY_OPTION */
export function openRegistry(options: RegistryOptions, documents: Storage['documents']): SchemaRegistry {
  const full = withDefaults(options);
  return new RegisteredIds(new RegistryClient(full), documents, full.onWarning);
}
