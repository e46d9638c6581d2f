/** Writes what training reads: interactions, logged decisions with their features, and what is known of courses and learners. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  SkillForgeError,
  topics,
  type Curriculum,
  type LearnerContext,
  type LearnerId,
  type LearnerProfile,
  type Opened,
} from '../../schemas/index.js';
import { itemFeatures } from '../../operators/recommend/index.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { onDisk } from '../fileWriting.js';
import { exportDecisions } from './decisionExport.js';
import { exportInteractions } from './interactionExport.js';
import { Numbering } from './numbering.js';
import type { Reading, TrainingExportProgress } from './reading.js';
import { topicRecords, type TopicRecords } from './topicRecords.js';

/** The file that says what the others hold; it makes a folder an export. */
export const EXPORT_FILE = 'export.json';

/** What to export. */
export interface TrainingExportOptions {
  readonly region: string;
  /** A folder that is made; an earlier export there is replaced. */
  readonly out: string;
  /** Only what happened before this event time, ms; all by default. */
  readonly untilMs?: number | undefined;
  readonly onProgress?: ((progress: TrainingExportProgress) => void) | undefined;
}

/** What an export holds. */
export interface TrainingExportCounts {
  /** Uses of an item by a learner in an hour. */
  readonly interactions: number;
  /** Start of the hour of the first one, ms; `null` without any. */
  readonly firstMs: number | null;
  readonly decisions: number;
  /** Candidates of the decisions. */
  readonly rows: number;
  /** Decisions that are left out, as their features are not those of this program. */
  readonly otherFeatures: number;
  /** Records of another region that are left out. */
  readonly otherRegion: number;
  readonly learners: number;
  readonly items: number;
  readonly courses: number;
}

/**
 * Writes an export. Memory grows with the number of learners, items and courses, not with what happened. The folder appears when it is whole.
 *
 * @throws SFS_FILE_EXISTS when `out` holds something else; SFS_FILE_UNWRITABLE; SFS_EXPORT_ORDER; and what reading throws
 */
export async function exportTraining(tools: ToolAccess, options: TrainingExportOptions): Promise<TrainingExportCounts> {
  // A slash at the end would put what is being written into the folder that it is to replace.
  const out = resolve(options.out);
  if (existsSync(out) && !existsSync(join(out, EXPORT_FILE))) {
    throw new SkillForgeError('SFS_FILE_EXISTS', `${out} is there and is no training export: name a folder that does not exist`, {
      context: { path: out },
    });
  }
  const partial = `${out}.partial`;
  onDisk(partial, () => {
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
  });
  try {
    const counts = await writeAll(tools, partial, options);
    onDisk(out, () => {
      rmSync(out, { recursive: true, force: true });
      renameSync(partial, out);
    });
    return counts;
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

async function writeAll(
  tools: ToolAccess,
  folder: string,
  { region, untilMs = Infinity, onProgress }: TrainingExportOptions,
): Promise<TrainingExportCounts> {
  const [learners, items, courses] = [new Numbering(), new Numbering(), new Numbering()];
  const numberings = { learners, items, courses, cohorts: new Numbering(), sources: new Numbering() };
  const reading: Reading = (what, done, total) => onProgress?.({ what, done, total });
  const sources = {
    activity: await topicRecords(tools, region, topics.learnerActivity),
    featureLog: await topicRecords(tools, region, topics.featureLog),
    curricula: await topicRecords(tools, region, topics.curricula),
    contexts: await topicRecords(tools, region, topics.learnerContexts),
    profiles: await topicRecords(tools, region, topics.profiles),
  };
  const { interactions, firstMs } = await exportInteractions(sources.activity, folder, numberings, untilMs, reading);
  const logged = await exportDecisions(sources.featureLog, folder, numberings, untilMs, reading);
  writeLines(join(folder, 'curricula.jsonl'), await lastCurricula(sources.curricula, untilMs));
  writeLines(join(folder, 'learners.jsonl'), await learnerLines(sources, untilMs));
  const names = Object.fromEntries(Object.entries(numberings).map(([name, numbering]) => [name, numbering.names]));
  const featureSet = { id: itemFeatures.id, columns: itemFeatures.declarations };
  const { decisions, rows } = logged;
  const head = { format: 1, region, featureSet, untilMs: Number.isFinite(untilMs) ? untilMs : null, ...names, decisions, rows, interactions };
  writeLines(join(folder, EXPORT_FILE), [head]);
  const otherRegion = Object.values(sources).reduce((all, records) => all + records.otherRegion, 0);
  const counts = { learners: learners.names.length, items: items.names.length, courses: courses.names.length };
  return { ...logged, interactions, firstMs, otherRegion, ...counts };
}

async function lastCurricula(records: TopicRecords<Curriculum>, untilMs: number): Promise<readonly Curriculum[]> {
  const last = new Map<string, Curriculum>();
  for await (const curriculum of records.all()) if (curriculum.asOfMs < untilMs) last.set(curriculum.course, curriculum);
  return [...last.values()].sort((a, b) => (a.course < b.course ? -1 : 1));
}

interface LearnerRecords {
  readonly contexts: TopicRecords<Opened<LearnerContext>>;
  readonly profiles: TopicRecords<Opened<LearnerProfile>>;
}

/** What a learner is enrolled in; attributes of the profile only of those who agree to profiling. */
async function learnerLines(told: LearnerRecords, untilMs: number): Promise<readonly object[]> {
  const contexts = new Map<LearnerId, Opened<LearnerContext>>();
  /** Who agrees as of now: who refused, objected or was restricted after the instant of training is left out of it, too. */
  const agreesNow = new Map<LearnerId, boolean>();
  for await (const context of told.contexts.all()) {
    agreesNow.set(context.learner, context.personal.consentProfiling);
    if (context.asOfMs < untilMs) contexts.set(context.learner, context);
  }
  const profiles = new Map<LearnerId, Opened<LearnerProfile>>();
  for await (const profile of told.profiles.all()) {
    const known = profiles.get(profile.learner);
    if (profile.updatedAtMs < untilMs && (known === undefined || known.updatedAtMs <= profile.updatedAtMs)) profiles.set(profile.learner, profile);
  }
  return [...contexts.values()].map(({ learner, personal }) => {
    const segments = profiles.get(learner)?.personal.segments ?? {};
    const courses = personal.courses.map(({ course, cohort, enrolledAtMs }) => ({ course, cohort, enrolledAtMs }));
    const consent = personal.consentProfiling && agreesNow.get(learner) === true;
    return { learner, consent, attributes: consent ? segments : {}, courses };
  });
}

function writeLines(path: string, values: readonly unknown[]): void {
  onDisk(path, () => writeFileSync(path, values.map((value) => `${JSON.stringify(value)}\n`).join('')));
}
