/** What is tagged for one region is refused in another, wherever it is read. */
import type { TopicCodec } from './codec.js';
import { SkillForgeError } from './errors.js';
import type { Topic } from './topic.js';

/** What was found of another region than that which reads. @param what - such as `a record of clicks` */
export function regionMismatch(what: string, found: string, expected: string): SkillForgeError {
  return new SkillForgeError('SFS_REGION_MISMATCH', `${what} is of region ${found}, and this is region ${expected}`, {
    context: { region: found, expected },
  });
}

/**
 * Refuses a record of another region. Every record of the project's topics says its region; a topic that a user declares says it by its name
 * alone. @throws SFS_REGION_MISMATCH
 */
export function assertOwnRegion(of: Pick<Topic<string, unknown>, 'name' | 'schema'>, value: unknown, region: string): void {
  if (of.schema !== undefined) return;
  const found = (value as { readonly region?: unknown }).region;
  if (found !== region) throw regionMismatch(`a record of ${of.name}`, String(found), region);
}

/** Refuses a topic of another region; a name without a region is nobody's. @param physical - such as `us-east.clicks` @throws SFS_REGION_MISMATCH */
export function assertOwnTopic(physical: string, region: string): void {
  const at = physical.indexOf('.');
  if (at < 0 || physical.slice(0, at) === region) return;
  throw regionMismatch(`topic ${physical}`, physical.slice(0, at), region);
}

/** The same codec, which refuses records of another region when they are read. */
export function regionalCodec<V>(of: Pick<Topic<string, unknown>, 'name' | 'schema'>, codec: TopicCodec<V>, region: string): TopicCodec<V> {
  return {
    schemaId: codec.schemaId,
    encode: (owner, value) => codec.encode(owner, value),
    decode: (owner, bytes) => {
      const value = codec.decode(owner, bytes);
      assertOwnRegion(of, value, region);
      return value;
    },
  };
}
