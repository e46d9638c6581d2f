/** What the days of batch features are made of: the committed files of an archive, as they are at one moment. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { archivedFolder, committedFiles, commitsIn } from '../archive/commits.js';
import type { ArchiveFile } from '../archive/layout.js';
import { BATCH_INPUTS } from '../archive/topics.js';
import { daysBefore } from './days.js';
import { WINDOW_DAYS } from './models.js';

/** A topic of an archive at one moment. */
interface InputTopic {
  readonly topic: string;
  /** The first offset that does not count, by partition. */
  readonly commits: Readonly<Record<string, number>>;
  readonly files: readonly ArchiveFile[];
  /** Whether a day is made of all that came before it, or of its window. */
  readonly isHistory: boolean;
}

/** What dbt is told of a topic. */
export interface InputVariables {
  readonly days: readonly string[];
  readonly commits: Readonly<Record<string, number>>;
}

/** An archive at one moment: commits that come later do not change it. */
export class BatchInputs {
  private constructor(
    private readonly topics: readonly InputTopic[],
    private readonly project: string,
  ) {}

  /** @param projectFolder - of dbt. @throws SFS_ARCHIVE_MISSING, SFS_ARCHIVE_DAMAGED */
  static of(archive: string, region: string, projectFolder: string): BatchInputs {
    const open = (topic: string, isHistory: boolean): InputTopic => {
      const folder = archivedFolder(archive, topic, region);
      const found = commitsIn(folder);
      const files = committedFiles(folder, found);
      const commits = Object.fromEntries(found.map(({ partition, next }) => [String(partition), next]));
      return { topic, commits, files, isHistory };
    };
    const topics = [...BATCH_INPUTS.window.map((topic) => open(topic, false)), ...BATCH_INPUTS.history.map((topic) => open(topic, true))];
    return new BatchInputs(topics, projectDigest(projectFolder));
  }

  /** A digest of all that decides the rows of a day: the files that it is made of, and the models. Another digest, other rows. */
  digestOf(day: string): string {
    const hash = createHash('sha256').update(this.project);
    for (const one of this.topics) {
      hash.update(`\n${one.topic}`);
      for (const file of filesFor(one, day, day)) hash.update(`\n${file.day}/${basename(file.path)}`);
    }
    return hash.digest('hex');
  }

  /** What dbt reads to make days from `first` to `last`. */
  variablesFor(first: string, last: string): Readonly<Record<string, InputVariables>> {
    return Object.fromEntries(
      this.topics.map((one) => {
        const days = [...new Set(filesFor(one, first, last).map(({ day }) => day))].sort();
        return [one.topic, { days, commits: one.commits }];
      }),
    );
  }
}

/** The files that days from `first` to `last` are made of. */
function filesFor({ files, isHistory }: InputTopic, first: string, last: string): ArchiveFile[] {
  const from = isHistory ? '' : daysBefore(first, WINDOW_DAYS - 1);
  return files.filter(({ day }) => day >= from && day <= last);
}

/** A digest of the models. */
function projectDigest(folder: string): string {
  const hash = createHash('sha256');
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (/\.(sql|yml)$/.test(entry)) hash.update(`\n${entry}\n`).update(readFileSync(join(folder, entry)));
  }
  return hash.digest('hex');
}
