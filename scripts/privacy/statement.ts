/** What a learner says of the use of their data, as a record of the topic `profiles`: topologies go by it from its event time on. */
import { LocalSchemaIds, physicalTopicName, topicCodec, topics, type LearnerId, type ProfileDetails } from '../../schemas/index.js';
import { isProfiled, isRestricted, newerProfile, type Profile } from '../../operators/recommend/profile.js';
import { isMarker } from '../../runtime/engine/header.js';
import { registeredCodec } from '../../runtime/registeredCodec.js';
import { partitionOf } from '../../schemas/partitioner.js';
import type { ToolAccess } from '../../runtime/ports.js';

/** The parts of a profile that a learner decides. */
export type Said = Partial<Pick<ProfileDetails, 'consentProfiling' | 'objectsToProfiling' | 'restricted'>>;

/** What holds for a learner. */
export interface Standing {
  readonly learner: string;
  /** From which event time on, ms since epoch. */
  readonly atMs: number;
  readonly consentProfiling: boolean;
  readonly objectsToProfiling: boolean;
  readonly restricted: boolean;
  /** Whether what the learner does makes their lists: with consent, without objection and restriction. */
  readonly profiled: boolean;
}

/** Where to write, and whose statement it is. */
export interface StatementPlace {
  readonly region: string;
  readonly learner: LearnerId;
  /** When the learner said so, ms since epoch. */
  readonly atMs: number;
}

const NOTHING: ProfileDetails = {
  segments: {},
  courses: [],
  cohort: null,
  consentProfiling: false,
  consentAtMs: null,
  objectsToProfiling: null,
  restricted: null,
};

/**
 * Appends the last profile of a learner with what they say now; one of whom there is none gets one without courses. It holds from `atMs` on, or
 * from the time of that profile where it is later: an older statement would not count. Durable when it resolves.
 *
 * @throws SFS_FENCED when somebody else writes a statement meanwhile, SFS_SEALED, SFS_TOPIC_MISMATCH, and what registering
 * its schema, reading and appending throw
 */
export async function writeStatement(tools: ToolAccess, { region, learner, atMs }: StatementPlace, said: Said): Promise<Standing> {
  const { name, partitions, cleanup, retentionMs } = topics.profiles;
  const topic = physicalTopicName(region, name);
  const codec = await registeredCodec(tools.schemas, region, topics.profiles);
  await tools.ensureTopic({ name: topic, partitions, cleanup, retentionMs });
  const writer = await tools.writer(`privacy/${region}`, [topic]);
  try {
    const key = Buffer.from(learner);
    const partition = partitionOf(key, partitions);
    const before = await lastProfile(tools, topic, partition, learner);
    const profile = statementOf(before, { region, learner, atMs }, said);
    await writer.commit([{ topic, partition, key, value: codec.encode(learner, profile), header: null }], Buffer.from('{}'));
    return standingOf(profile);
  } finally {
    await writer.close();
  }
}

function statementOf(before: Profile | null, { region, learner, atMs }: StatementPlace, said: Said): Profile {
  const updatedAtMs = Math.max(atMs, before?.updatedAtMs ?? atMs);
  const { consentProfiling } = said;
  const consent = consentProfiling === undefined ? {} : { consentProfiling, consentAtMs: updatedAtMs };
  return { learner, region, updatedAtMs, personal: { ...(before?.personal ?? NOTHING), ...said, ...consent } };
}

/** The profile of the greatest time, with the last objection and restriction that any profile tells of. */
async function lastProfile(tools: ToolAccess, topic: string, partition: number, learner: LearnerId): Promise<Profile | null> {
  const codec = topicCodec(topics.profiles, tools.schemas ?? LocalSchemaIds.withAccepted());
  let last: Profile | null = null;
  for await (const { key, value, header } of tools.records(topic, partition, 0)) {
    if (value === null || isMarker(header) || key?.toString() !== learner) continue;
    last = newerProfile(last, codec.decode(learner, value));
  }
  return last;
}

function standingOf(profile: Profile): Standing {
  const { learner, updatedAtMs: atMs, personal } = profile;
  const { consentProfiling } = personal;
  const objectsToProfiling = personal.objectsToProfiling === true;
  return { learner, atMs, consentProfiling, objectsToProfiling, restricted: isRestricted(profile), profiled: isProfiled(profile) };
}
