/** One day of model operations, in the commands that an engineer or Airflow would call. */
import { join } from 'node:path';
import { days } from '../../operators/index.js';
import type { GateCheck } from '../models/gates/gate.js';
import type { Program } from './program.js';

/** What a learner used in the week after a decision tells how good it was. */
export const LABEL_DAYS = 7;
/** Days whose decisions judge the model: on one day few learners with something that is new to them decide. */
export const JUDGED_DAYS = 3;

/** A model that a day made. */
export interface TrainedVersion {
  /** In the registry. */
  readonly number: string;
  /** Of the bundle: what records name. */
  readonly bundleVersion: string;
}

/** How what decisions saw compares with what the offline store says. */
export interface Skew {
  readonly report: { readonly decisions: number; readonly rows: number; readonly differences: number };
}

/** Whether a version may be promoted, and why. */
export interface Judgement {
  readonly passed: boolean;
  readonly checks: readonly GateCheck[];
}

/** The commands of a day that ends at a midnight. Exports and runs lie in folders of their day; archive and features are one for all days. */
export class Day {
  private readonly archive: string;
  private readonly features: string;
  private readonly export: string;
  private readonly run: string;
  /** What comes before it is learnt from; the decisions of the day after judge what was learnt. */
  private readonly trainedUntilMs: number;

  /** @param endMs - the midnight (UTC) */
  constructor(
    private readonly program: Program,
    private readonly folder: string,
    private readonly endMs: number,
    private readonly before: Day | null,
  ) {
    const name = dateOf(endMs - 1);
    this.archive = join(folder, 'archive');
    this.features = join(folder, 'features');
    this.export = join(folder, 'exports', name);
    this.run = join(folder, 'runs', name);
    this.trainedUntilMs = endMs - days(LABEL_DAYS + JUDGED_DAYS);
  }

  /** Archives the topics, and compares the archive with them. */
  async archiveEvents(): Promise<unknown> {
    const written = await this.program.json('archive', '--out', this.archive, '--until-end');
    await this.program.json('archive', 'verify', '--archive', this.archive);
    return written;
  }

  /** Batch features of the last days, as the day has them. @param count - how many days */
  batch(count: number): Promise<unknown> {
    const [from, until] = [dateOf(this.endMs - days(count)), dateOf(this.endMs)];
    return this.program.json('batch', 'run', '--archive', this.archive, '--out', this.features, '--from', from, '--until', until);
  }

  /** Publishes the batch features of the day: decisions from its end on see them. */
  publish(): Promise<unknown> {
    return this.program.json('features', 'publish', '--features', this.features, '--from', dateOf(this.endMs - days(1)));
  }

  /** Puts batch features of the last days and those of the stream into the online store. @param count - how many days */
  async materialise(count: number): Promise<void> {
    await this.program.json('features', 'materialize', '--features', this.features, ...period(this.endMs - days(count), this.endMs));
    await this.program.json('features', 'project', '--until-end');
  }

  /** Compares what decisions saw with what the offline store says they could have seen. */
  async skew(): Promise<Skew> {
    return (await this.program.json('features', 'skew', '--out', this.features)) as Skew;
  }

  /** Exports what is learnt from, up to the end of the day. */
  exportTraining(): Promise<unknown> {
    return this.program.json('training', 'export', '--out', this.export, '--until', String(this.endMs));
  }

  /** Trains and registers. @param accepted - checks of the export that may fail. @throws where the export is refused */
  async train(...accepted: readonly string[]): Promise<TrainedVersion> {
    const args = ['--out', this.run, ...this.trainingArguments(), ...(accepted.length === 0 ? [] : ['--accept', accepted.join(',')])];
    const { summary } = (await this.program.json('training', 'run', ...args)) as {
      readonly summary: { readonly number: string; readonly version: string };
    };
    return { number: summary.number, bundleVersion: summary.version };
  }

  /** Whether what is to be learnt from is refused. @param champion - bundle that decides */
  async isRefused(champion: string): Promise<{ readonly isRefused: boolean; readonly told: string }> {
    const { code, stdout, stderr } = await this.program.ended('training', 'validate', ...this.trainingArguments(), '--champion', champion);
    return { isRefused: code === 3, told: `${stdout}${stderr}`.trim() };
  }

  /** Judges a version by the decisions after what it learnt from. */
  async gate({ number }: TrainedVersion): Promise<Judgement> {
    const judged = period(this.trainedUntilMs, this.trainedUntilMs + days(JUDGED_DAYS));
    const { code, stdout, stderr } = await this.program.ended('model', 'gate', number, '--export', this.export, ...judged, '--json');
    if (code !== 0 && code !== 1) throw new Error(`the gates of version ${number} could not be asked: ${stderr}`);
    const { checks } = JSON.parse(stdout) as { readonly checks: readonly GateCheck[] };
    return { passed: code === 0, checks };
  }

  /** Stages a version and has it rank what serving decided. */
  async shadow({ number }: TrainedVersion): Promise<unknown> {
    await this.program.json('model', 'stage', number, '--reason', 'daily loop');
    return this.program.json('model', 'shadow', '--until-end', '--record');
  }

  /** Reports drift of the day against what a bundle has learnt from. */
  drift(): Promise<unknown> {
    const out = join(this.folder, 'drift', dateOf(this.endMs - 1));
    return this.program.json(
      'drift',
      'report',
      '--reference',
      this.bundle,
      '--current',
      this.export,
      ...period(this.endMs - days(1), this.endMs),
      '--out',
      out,
    );
  }

  /** The bundle that the day has trained. */
  get bundle(): string {
    return join(this.run, 'bundle');
  }

  private trainingArguments(): string[] {
    const previous = this.before === null ? [] : ['--previous', this.before.run];
    return ['--export', this.export, '--until', String(this.trainedUntilMs), ...previous];
  }
}

const period = (fromMs: number, untilMs: number): string[] => ['--from', String(fromMs), '--until', String(untilMs)];
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
