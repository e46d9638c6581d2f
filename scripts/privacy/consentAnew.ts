/** What a learner says in a folder, or a region, that may have erased them. */
import { SkillForgeError } from '../../schemas/index.js';
import type { EmbeddedStorage } from '../../runtime/embedded/index.js';
import { localTools } from '../../runtime/localTools.js';
import { RedisRing } from '../../runtime/keys/redisRing.js';
import { allow } from './erasure/lmdbFiles.js';
import { seenByAll } from './erasure/serverSteps.js';
import type { RegionParts } from './erasure/servers.js';
import { writeStatement, type Said, type Standing, type StatementPlace } from './statement.js';

/**
 * Writes a statement. An erased learner who agrees to profiling begins anew: the folder takes records under the pseudonym again, and the reader serves
 * them; anything else would be about somebody of whom nothing is to be kept. @param view - folder of the deny list
 * @throws SFS_LEARNER_ERASED, and what writing the statement throws
 */
export async function sayInFolder(storage: EmbeddedStorage, view: string, place: StatementPlace, said: Said): Promise<Standing> {
  const { learner, atMs } = place;
  const sinceMs = storage.erasedSince(learner);
  if (sinceMs === null) return writeStatement(localTools(storage), place, said);
  assertBeginsAnew(said, atMs, sinceMs);
  // First what can be said again while the key is refused: who is killed in between finds an erased learner, or one to whom everything is open.
  await allow(view, learner);
  await storage.acceptKey(learner);
  return writeStatement(localTools(storage), place, said);
}

/** The same on servers: workers and gateways take records under the pseudonym again before the consent is written, and the learner gets another key. @throws as {@link sayInFolder}; SFS_ERASURE_WAITS */
export async function sayInRegion({ state, cluster }: RegionParts, place: StatementPlace, said: Said): Promise<Standing> {
  const ring = await RedisRing.open({ keys: state.dataKeys, documents: state.documents });
  const digest = ring?.digestOf(place.learner);
  const refused = digest === undefined ? null : await state.refusals.get(digest);
  if (digest !== undefined && refused !== null) {
    assertBeginsAnew(said, place.atMs, refused.sinceMs);
    // First the key, then the list: whoever goes by the list finds what they need.
    await state.dataKeys.accept(digest);
    await state.refusals.remove(digest);
    await seenByAll(state.refusals);
  }
  return writeStatement(cluster.tools(), place, said);
}

/** @throws SFS_LEARNER_ERASED */
function assertBeginsAnew(said: Said, atMs: number, sinceMs: number): void {
  if (said.consentProfiling === true && atMs > sinceMs) return;
  const since = new Date(sinceMs).toISOString();
  const message = `the learner was erased on ${since}: there is nothing to say this of; a consent that is given later begins anew`;
  throw new SkillForgeError('SFS_LEARNER_ERASED', message, { context: { sinceMs } });
}
