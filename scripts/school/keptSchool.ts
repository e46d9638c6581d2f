/** A region of a folder, or of servers, has one school: its learners and courses have the same names in all of them, and its clocks never go back. */
import { physicalTopicName, SkillForgeError } from '../../schemas/index.js';
import { toolsOf } from '../../runtime/localTools.js';
import type { LocalStorage, Storage, ToolAccess } from '../../runtime/ports.js';
import { schoolOptions, withoutGaps, type SchoolOptions, type SchoolRequest } from './options.js';
import { SCHOOL_TOPICS } from './school.js';

/** Where a school is, with documents that can be put there. */
export type SchoolPlace = LocalStorage | (ToolAccess & { readonly documents: Storage['documents'] });

/** What decides a school. `days` only says how far it is written. */
type Kept = Omit<SchoolOptions, 'days'>;

/**
 * The options of the school that the storage has, or is to have from now on. What is not asked for is as the storage has it; in a storage
 * without a school it comes from `defaults`, then from the school's own.
 *
 * @throws SFS_SCHOOL_FOREIGN when the topics have records that come from no school; SFS_SCHOOL_OTHER when the storage has another school than the
 * one asked for; SFS_SYNTHETIC_OPTION, SFS_REGION_INVALID
 */
export async function claimSchool(storage: SchoolPlace, asked: SchoolRequest, defaults: Partial<SchoolOptions> = {}): Promise<SchoolOptions> {
  const given = withoutGaps(asked);
  const kept = keptSchool(storage, asked.region);
  const options = schoolOptions({ ...defaults, ...kept, ...given });
  if (kept !== null) {
    assertSame(kept, options);
    return options;
  }
  await assertUnused(toolsOf(storage), asked.region);
  const { days: _, ...keeping } = options;
  await storage.documents.put(documentOf(asked.region), Buffer.from(JSON.stringify(keeping)));
  return options;
}

/** The school of a region; `null` when there is none. */
export function keptSchool(storage: Pick<SchoolPlace, 'documents'>, region: string): Kept | null {
  const bytes = storage.documents.get(documentOf(region));
  return bytes === null ? null : (JSON.parse(bytes.toString()) as Kept);
}

const documentOf = (region: string): string => `school/${region}`;

function assertSame(kept: Kept, asked: Kept): void {
  for (const name of Object.keys(kept) as (keyof Kept)[]) {
    if (asked[name] === kept[name]) continue;
    throw new SkillForgeError(
      'SFS_SCHOOL_OTHER',
      `region ${kept.region} has a school with ${name} ${kept[name]}, not ${asked[name]}; take a folder or a region of its own`,
      { context: { option: name, kept: kept[name], asked: asked[name] } },
    );
  }
}

async function assertUnused(tools: ToolAccess, region: string): Promise<void> {
  const there = new Set((await tools.topics()).map((spec) => spec.name));
  for (const topic of Object.values(SCHOOL_TOPICS)) {
    const name = physicalTopicName(region, topic.name);
    if (!there.has(name) || (await tools.ranges(name)).every(({ end }) => end === 0)) continue;
    throw new SkillForgeError('SFS_SCHOOL_FOREIGN', `the topic ${name} has records that come from no school; take a folder or a region of its own`, {
      context: { topic: name },
    });
  }
}
