/** A school whose topics are archived, and the batch features of it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { expect } from 'vitest';
import { openEmbedded } from '../../../runtime/embedded/index.js';
import { isMarker, markerIdOf } from '../../../runtime/engine/header.js';
import { localRecords } from '../../../runtime/localTools.js';
import { LocalSchemaIds, topicCodec, topics, type Opened, type QuizResult, type Topic } from '../../../schemas/index.js';
import { RecordAppender } from '../../../scripts/commands/recordAppender.js';
import { runCli, type CliResult } from '../commands/cliProcess.js';
import { newFolder } from '../../fixtures/folders.js';

export const REGION = 'eu-west';
const OPTIONS = ['--learners', '80', '--courses', '2', '--items', '30', '--days', '10', '--events-per-day', '500', '--duplicate-share', '0.1'];

/** A row of a model. */
export type FeatureRow = Readonly<Record<string, unknown>>;

/** A school, its archive and its features, each in a folder of its own. */
export class BatchSchool {
  readonly data = newFolder();
  readonly archive = newFolder();
  readonly features = newFolder();

  /** Ten days from 2025-09-01 on, with what the stream derives of them; archived. */
  static async open(): Promise<BatchSchool> {
    const school = new BatchSchool();
    await school.cli('generate', ...OPTIONS);
    await school.cli('run', 'curricula', 'learner-activity', 'learner-contexts', '--until-end');
    await school.archiveAll();
    return school;
  }

  /** Archives what has come. */
  async archiveAll(): Promise<void> {
    await this.cli('archive', '--out', this.archive, '--until-end');
  }

  /** Makes days; `until` is the day after the last. */
  run(from: string, until: string): Promise<CliResult> {
    return runCli(['batch', 'run', '--archive', this.archive, '--out', this.features, '--from', from, '--until', until, '--json']);
  }

  /** Appends to a topic of the school, as an import does. */
  async append<V>(topic: Topic<string, V>, values: readonly V[]): Promise<void> {
    const storage = await openEmbedded(this.data, { markerIdOf });
    try {
      const appender = new RecordAppender(storage, topic, REGION, 'test/batch');
      for (const value of values) appender.add(value);
      await appender.commit({});
      await appender.finish();
    } finally {
      await storage.close();
    }
  }

  /** Every quiz result in the log, repeats included. */
  async quizResults(): Promise<Opened<QuizResult>[]> {
    const storage = await openEmbedded(this.data, { readOnly: true });
    try {
      const codec = topicCodec(topics.quizResults, LocalSchemaIds.withAccepted());
      const partitions = [...Array(topics.quizResults.partitions).keys()];
      const records = partitions.flatMap((partition) => [...localRecords(storage.log, `${REGION}.quiz-results`, partition)]);
      return records.filter(({ header }) => !isMarker(header)).map(({ key, value }) => codec.decode(key!.toString(), value!));
    } finally {
      await storage.close();
    }
  }

  /** The file of a model's day. */
  path(model: string, day: string): string {
    return join(this.features, model, `day=${day}`, 'part.parquet');
  }

  bytes(model: string, day: string): Buffer | null {
    return existsSync(this.path(model, day)) ? readFileSync(this.path(model, day)) : null;
  }

  async rows(model: string, day: string): Promise<FeatureRow[]> {
    return parquetReadObjects({ file: await asyncBufferFromFile(this.path(model, day)) });
  }

  private async cli(...args: string[]): Promise<void> {
    const { code, stderr } = await runCli([...args, '--data', this.data]);
    expect(code, stderr).toBe(0);
  }
}
