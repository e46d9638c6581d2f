/** The training pipeline, `python -m train`, as functions: whether an export may be trained on, and a run of all steps. */
import { SkillForgeError } from '../../schemas/index.js';
import { itemFeatures } from '../../operators/recommend/index.js';
import { endOfPython, trainerFailed, type EnvironmentName } from './python.js';

/** What every step is told. */
export interface ValidationOptions {
  /** Folder of the training export. */
  readonly exported: string;
  /** Region that is trained for: an export of another one is refused (that of the export). */
  readonly region?: string | undefined;
  /** Instant whose past is trained on, ms since epoch. */
  readonly untilMs: number;
  /** Folder of the training run before: its volume is compared. */
  readonly previous?: string | undefined;
  /** Folder of the bundle that decides today: its distributions are compared. */
  readonly champion?: string | undefined;
  /** Names of checks that may fail; that they did is kept. */
  readonly accepted?: readonly string[];
}

/** What a run is told besides. */
export interface TrainingOptions extends ValidationOptions {
  /** Folder of the run; an earlier run there is replaced. */
  readonly out: string;
  readonly seed?: number | undefined;
  /** Trees of each ranker; by default as many as are best on the latest decisions. */
  readonly trees?: number | undefined;
  /** MLflow that the run is logged to and its bundle registered in. */
  readonly trackingUri?: string | undefined;
}

/** One check of the data. */
export interface DataCheck {
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'skipped' | 'accepted';
  readonly reason: string;
}

/** What validation found. */
export interface ValidationReport {
  readonly untilMs: number;
  readonly region: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly checks: readonly DataCheck[];
}

/** How a list was measured: `null` where nothing could be. */
export type ListQuality = Readonly<Record<string, number | null>> | null;

/** What a run came to. */
export interface TrainedRun {
  readonly out: string;
  /** Folder of the bundle. */
  readonly bundle: string;
  readonly version: string;
  /** For the registry: `sha256`, `bundle_version`, `region`, `trained_until_ms`, `data_hash`. */
  readonly tags: Readonly<Record<string, string>>;
  readonly validation: ValidationReport;
  readonly evaluation: { readonly training: Readonly<Record<string, ListQuality>>; readonly after: Readonly<Record<string, ListQuality>> };
  /** Where MLflow has it; `null` without `trackingUri`. */
  readonly registered: { readonly number: string; readonly runId: string; readonly isNew: boolean } | null;
}

type OnLine = (line: string) => void;

/** Exit code of a refusal. */
const REFUSED = 3;

/**
 * Checks an export.
 *
 * @throws {SkillForgeError} SFS_TRAINING_DATA where it is refused, with the report in the context; SFS_TRAINER_FAILED; SFS_PYTHON_MISSING
 */
export async function validateExport(options: ValidationOptions): Promise<ValidationReport> {
  return (await runStep('trainer', ['validate', ...validationArgs(options)])) as ValidationReport;
}

/**
 * Takes all steps. The same export, instant and settings give the same bundle, and one version of it.
 *
 * @param onLine - takes a line about each step
 * @throws {SkillForgeError} as {@link validateExport}
 */
export async function runTraining(options: TrainingOptions, onLine?: OnLine): Promise<TrainedRun> {
  const { out, seed, trees, trackingUri } = options;
  const more = [...given('--seed', seed), ...given('--trees', trees), ...given('--tracking-uri', trackingUri)];
  const args = ['run', ...validationArgs(options), '--out', out, ...more];
  // MLflow's packages are in the larger environment; everything else is the same in both.
  return (await runStep(trackingUri === undefined ? 'trainer' : 'operations', args, onLine)) as TrainedRun;
}

function validationArgs({ exported, region, untilMs, previous, champion, accepted = [] }: ValidationOptions): string[] {
  const columns = itemFeatures.declarations.map(({ name }) => name).join(',');
  const expected = ['--feature-set', itemFeatures.id, '--columns', columns];
  const compared = [...given('--region', region), ...given('--previous', previous), ...given('--champion', champion)];
  return ['--export', exported, '--until', String(untilMs), ...expected, ...compared, ...accepted.flatMap((name) => ['--accept', name])];
}

const given = (option: string, value: string | number | undefined): string[] => (value === undefined ? [] : [option, String(value)]);

async function runStep(environment: EnvironmentName, args: readonly string[], onLine?: OnLine): Promise<unknown> {
  const { code, stdout, lastLine } = await endOfPython(environment, ['-m', 'train', ...args], { onLine });
  if (code === 0) return JSON.parse(stdout) as unknown;
  if (code === REFUSED) throw new SkillForgeError('SFS_TRAINING_DATA', lastLine, { context: { report: JSON.parse(stdout) as unknown } });
  throw trainerFailed(code, lastLine);
}
