/** Imports what an OULAD folder tells besides clicks: enrolments and deadlines, profiles, results, the catalogue. */
import { SkillForgeError, topics, type Topic } from '../../schemas/index.js';
import type { LocalStorage } from '../../runtime/ports.js';
import {
  lmsEventsOf,
  NO_SCHEDULE,
  pathOfCsv,
  readCatalogue,
  readEnrolments,
  readProfiles,
  readQuizResults,
  readSchedule,
  ROWS_PER_BATCH,
  type FileCounts,
  type JudgedFile,
  type Schedule,
} from '../oulad/index.js';
import { OuladWriter, fromFile, type OuladImportOptions, type RejectedLineOf, type WrittenCounts } from './ouladWriter.js';

/** Files besides `studentVle`, each with those that it cannot be read without. */
const NEEDS = {
  courses: [],
  assessments: [],
  studentRegistration: [],
  studentInfo: ['studentRegistration'],
  studentAssessment: ['assessments'],
  vle: [],
} as const satisfies Record<string, readonly string[]>;
type FileName = keyof typeof NEEDS;

/** One kind of records that was written. */
export interface WrittenKind {
  readonly topic: string;
  readonly writer: Pick<OuladWriter<never>, 'clock' | 'courses' | 'lastMs'>;
  readonly counts: WrittenCounts;
}

/** What was written besides clicks. */
export interface WrittenRecords {
  readonly kinds: readonly WrittenKind[];
  /** Rejected rows of the files that make no records of their own. */
  readonly schedule: WrittenCounts;
  readonly files: readonly FileCounts[];
}

/**
 * The files, `studentVle` apart, that a folder does not have: what they tell is left out.
 *
 * @throws SFS_IMPORT_MISSING when one is there without another that it needs
 */
export async function missingFiles(folder: string): Promise<FileName[]> {
  const missing: FileName[] = [];
  for (const name of Object.keys(NEEDS) as FileName[]) if ((await pathOfCsv(folder, name)) === null) missing.push(name);
  for (const [name, needs] of Object.entries(NEEDS)) {
    const needed = needs.find((one) => missing.includes(one));
    if (needed !== undefined && !missing.includes(name as FileName)) throw missingFile(folder, name, needed);
  }
  return missing;
}

function missingFile(folder: string, name: string, needed: string): SkillForgeError {
  return new SkillForgeError('SFS_IMPORT_MISSING', `${folder} has ${name}.csv but not ${needed}.csv (or .csv.gz), which it cannot be read without`, {
    context: { folder, file: `${needed}.csv` },
  });
}

/** Writes everything besides clicks that is not there yet. @throws what reading and writing throw */
export async function importOuladRecords(
  storage: LocalStorage,
  folder: string,
  missing: readonly string[],
  options: OuladImportOptions,
): Promise<WrittenRecords> {
  const importing = new RecordsImport(storage, folder, missing, options);
  return importing.run();
}

/** What is written of one kind. */
interface Kind<V> {
  readonly topic: Topic<string, V>;
  /** Names of the files whose content decides the records. */
  readonly names: readonly FileName[];
  readonly file: JudgedFile;
  readonly records: readonly V[];
  readonly courseOf: (value: V) => string;
  readonly timeOf: (value: V) => number;
}

class RecordsImport {
  private readonly kinds: WrittenKind[] = [];
  private readonly files: FileCounts[] = [];

  constructor(
    private readonly storage: LocalStorage,
    private readonly folder: string,
    private readonly missing: readonly string[],
    private readonly options: OuladImportOptions,
  ) {}

  async run(): Promise<WrittenRecords> {
    const schedule = this.has('assessments') ? await readSchedule(this.folder, this.has('courses'), this.options) : NO_SCHEDULE;
    const scheduleCounts = await this.rejectOf(schedule);
    if (this.has('studentRegistration')) await this.learners(schedule);
    if (this.has('studentAssessment')) await this.results(schedule);
    if (this.has('vle')) await this.catalogue();
    return { kinds: this.kinds, schedule: scheduleCounts, files: this.files };
  }

  private has(name: FileName): boolean {
    return !this.missing.includes(name);
  }

  /** Files that make no records have no topic of their own: their rejected rows are kept beside the statements that they are for. */
  private async rejectOf(schedule: Schedule): Promise<WrittenCounts> {
    const { region } = this.options;
    const writer = await OuladWriter.open(this.storage, {
      topic: topics.lmsEvents,
      region,
      writer: `import/oulad/${region}/schedule`,
      paths: schedule.files.map(({ counts }) => counts.file),
      courseOf: ({ course }) => course,
      timeOf: ({ occurredAtMs }) => occurredAtMs,
      refusesPast: false,
      marksDays: true,
    });
    for (const file of schedule.files) await writer.write({ records: [], rejected: this.rejectedOf(file) });
    return writer.finish();
  }

  private async learners(schedule: Schedule): Promise<void> {
    const { folder, options } = this;
    const enrolments = await readEnrolments(folder, options);
    await this.write({
      topic: topics.lmsEvents,
      names: ['studentRegistration', 'assessments', 'courses'],
      file: enrolments.file,
      records: lmsEventsOf(enrolments.chosen, schedule, options, options.region),
      courseOf: ({ course }) => course,
      timeOf: ({ occurredAtMs }) => occurredAtMs,
    });
    if (!this.has('studentInfo')) return;
    const { file, profiles } = await readProfiles(folder, enrolments, options);
    await this.write({
      topic: topics.profiles,
      names: ['studentInfo', 'studentRegistration'],
      file,
      records: profiles,
      // The cohort of a learner is the presentation that the profile was written for.
      courseOf: ({ personal }) => personal.cohort!,
      timeOf: ({ updatedAtMs }) => updatedAtMs,
    });
  }

  private async results(schedule: Schedule): Promise<void> {
    const { file, results } = await readQuizResults(this.folder, schedule, this.options);
    await this.write({
      topic: topics.quizResults,
      names: ['studentAssessment', 'assessments'],
      file,
      records: results,
      courseOf: ({ course }) => course,
      timeOf: ({ occurredAtMs }) => occurredAtMs,
    });
  }

  private async catalogue(): Promise<void> {
    const { file, items } = await readCatalogue(this.folder, this.options);
    await this.write({
      topic: topics.catalogue,
      names: ['vle'],
      file,
      records: items,
      courseOf: ({ course }) => course,
      timeOf: ({ updatedAtMs }) => updatedAtMs,
    });
  }

  private async write<V>(kind: Kind<V>): Promise<void> {
    const { topic, names, file, records, courseOf, timeOf } = kind;
    const { region, onProgress } = this.options;
    const paths = await this.pathsOf(names);
    const writer = await OuladWriter.open(this.storage, {
      topic,
      region,
      writer: `import/oulad/${region}/${topic.name}`,
      paths,
      courseOf,
      timeOf,
      // Late statements are taken at once, and late results and items too: none is lost.
      refusesPast: false,
      marksDays: true,
    });
    await writer.write({ records: [], rejected: this.rejectedOf(file) });
    for (let at = 0; at < records.length; at += ROWS_PER_BATCH) {
      const batch = records.slice(at, at + ROWS_PER_BATCH);
      await writer.write({ records: batch, rejected: [] });
      onProgress?.({ what: `importing ${topic.name}`, done: at + batch.length, total: records.length, unit: 'records' });
    }
    this.kinds.push({ topic: topic.name, writer, counts: await writer.finish() });
  }

  /** Counts a file; returns what is wrong in it. */
  private rejectedOf({ counts, rejected }: JudgedFile): RejectedLineOf[] {
    this.files.push(counts);
    return fromFile(counts.file, rejected);
  }

  private async pathsOf(names: readonly FileName[]): Promise<string[]> {
    const paths = await Promise.all(names.map((name) => pathOfCsv(this.folder, name)));
    return paths.filter((path) => path !== null);
  }
}
