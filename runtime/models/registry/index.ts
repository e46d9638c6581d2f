/**
 * Registries of models: a folder, or an MLflow server.
 *
 * @example
 * const registry = openRegistry('http://127.0.0.1:5000');
 * const { number } = await registry.register('./models/today', { data_hash: '…' });
 * await registry.move('production', number, { by: 'ops', reason: 'passed its gates', atMs: Date.now() });
 */
export { versionBefore } from './aliasHistory.js';
export {
  ALIASES,
  type Alias,
  type AliasChange,
  type ModelRegistry,
  type MoveReason,
  type RegisteredVersion,
} from './modelRegistry.js';
export { RECOMMENDER, openRegistry } from './openRegistry.js';
