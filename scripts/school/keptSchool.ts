/** A folder's region has one school: its learners and courses have the same names in all of them, and its clocks never go back. */
import { physicalTopicName, SkillForgeError } from '../../schemas/index.js';
import type { LocalStorage } from '../../runtime/ports.js';
import { schoolOptions, withoutGaps, type SchoolOptions, type SchoolRequest } from './options.js';
import { SCHOOL_TOPICS } from './school.js';

/** What decides a school. `days` only says how far it is written. */
type Kept = Omit<SchoolOptions, 'days'>;

/**
 * The options of the school that the storage has, or is to have from now on. What is not asked for is as the storage has it; in a storage
 * without a school it comes from `defaults`, then from the school's own.
 *
 * @throws SFS_SCHOOL_FOREIGN when the topics have records that come from no school; SFS_SCHOOL_OTHER when the storage has another school than the
 * one asked for; SFS_SYNTHETIC_OPTION, SFS_REGION_INVALID
 */
export async function claimSchool(storage: LocalStorage, asked: SchoolRequest, defaults: Partial<SchoolOptions> = {}): Promise<SchoolOptions> {
  const given = withoutGaps(asked);
  const kept = keptSchool(storage, asked.region);
  const options = schoolOptions({ ...defaults, ...kept, ...given });
  if (kept !== null) {
    assertSame(kept, options);
    return options;
  }
  assertUnused(storage, asked.region);
  const { days: _, ...keeping } = options;
  await storage.documents.put(documentOf(asked.region), Buffer.from(JSON.stringify(keeping)));
  return options;
}

/** The school of a region; `null` when there is none. */
export function keptSchool(storage: LocalStorage, region: string): Kept | null {
  const bytes = storage.documents.get(documentOf(region));
  return bytes === null ? null : (JSON.parse(bytes.toString()) as Kept);
}

const documentOf = (region: string): string => `school/${region}`;

function assertSame(kept: Kept, asked: Kept): void {
  for (const name of Object.keys(kept) as (keyof Kept)[]) {
    if (asked[name] === kept[name]) continue;
    throw new SkillForgeError(
      'SFS_SCHOOL_OTHER',
      `region ${kept.region} has a school with ${name} ${kept[name]}, not ${asked[name]}; take a folder of its own with --data`,
      { context: { option: name, kept: kept[name], asked: asked[name] } },
    );
  }
}

function assertUnused(storage: LocalStorage, region: string): void {
  const there = new Map(storage.log.topics().map((spec) => [spec.name, spec.partitions]));
  for (const topic of Object.values(SCHOOL_TOPICS)) {
    const name = physicalTopicName(region, topic.name);
    const partitions = Array.from({ length: there.get(name) ?? 0 }, (_, partition) => partition);
    if (partitions.every((partition) => storage.log.range(name, partition).end === 0)) continue;
    throw new SkillForgeError('SFS_SCHOOL_FOREIGN', `the topic ${name} has records that come from no school; take a folder of its own with --data`, {
      context: { topic: name },
    });
  }
}
