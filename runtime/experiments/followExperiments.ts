import type { Experiments } from '../../operators/ports/experiments.js';
import { errorCodeOf, errorMessageOf } from '../../schemas/index.js';
import type { Adoption, CurrentExperiments, FollowedExperiments, FollowedModels, RunModels } from '../engine/followedModels.js';
import { ModelsBeneath } from '../engine/modelsBeneath.js';
import { Looking } from '../looking.js';
import type { ExperimentObserver } from './events.js';
import { experimentsOf } from './experiments.js';
import { NamedVersions } from './namedVersions.js';
import { readPayload, type ExperimentPayload } from './payload.js';
import { rememberPayload, rememberedPayload } from './rememberedPayload.js';
import type { ExperimentSource } from './source.js';

/** What is followed, and how; in brackets the defaults. */
export interface FollowExperimentsOptions {
  readonly source: ExperimentSource;
  /** What decides beside them: fixed, or followed in turn (the formula). */
  readonly models?: RunModels | null;
  /** Keeps the payload that was read last (nothing is kept). */
  readonly cacheFile?: string;
  /** Time between two looks, ms (10,000). */
  readonly everyMs?: number;
  /** How long a version of the model that cannot be used is not tried again, ms (60,000). */
  readonly againMs?: number;
  readonly onEvent?: ExperimentObserver;
}

const EVERY_MS = 10_000;

/**
 * Follows a GrowthBook payload: reads it now, and then every ten seconds. A payload that cannot be used, and a server that is away, change
 * nothing. Versions of the model that variations name are opened first; one that cannot be used leaves its variation with what the control gets.
 * What was read goes into the log with the first decision of each task that turns to it, so that nothing needs the server again.
 *
 * @throws SFS_EXPERIMENTS_INVALID, SFS_EXPERIMENTS_UNREACHABLE where the first look fails and nothing is remembered
 */
export async function followExperiments(options: FollowExperimentsOptions): Promise<ExperimentFollower> {
  const follower = new ExperimentFollower(options);
  await follower.begin();
  return follower;
}

/** Made by {@link followExperiments}. Whoever made it closes it; the models are closed by whoever opened them. */
export class ExperimentFollower extends ModelsBeneath implements FollowedModels {
  readonly experiments: FollowedExperiments;
  private found: CurrentExperiments | null = null;
  private looksBegun = 0;
  private readonly read = new Map<string, Experiments>();
  private readonly told = new Map<string, string>();
  private isAway = false;
  private refused = '';
  private readonly looking: Looking;
  private readonly versions: NamedVersions;
  private readonly letGo: () => void;

  /** @internal */
  constructor(private readonly options: FollowExperimentsOptions) {
    super(options.models ?? null);
    this.looking = new Looking(options.everyMs ?? EVERY_MS, () => this.look().catch((error: unknown) => this.missed(error)));
    this.versions = new NamedVersions(this.followed, options.onEvent, options.againMs);
    this.letGo = this.followed?.use(() => this.versions.digests()) ?? (() => undefined);
    const current = (): CurrentExperiments | null => this.found;
    const looks = (): number => this.looksBegun;
    this.experiments = {
      get current() {
        return current();
      },
      get looks() {
        return looks();
      },
      read: (payload) => this.experimentsIn(payload),
    };
  }

  /** @internal */
  async begin(): Promise<void> {
    const { source, cacheFile } = this.options;
    try {
      await this.look();
    } catch (error) {
      const remembered = cacheFile === undefined ? null : rememberedPayload(cacheFile, source.place);
      if (remembered === null) {
        this.letGo();
        throw error;
      }
      this.show(await this.versions.resolved(remembered), 0);
      this.missed(error);
    }
    this.looking.begin();
  }

  override adopted(task: string, adoption: Adoption): void {
    super.adopted(task, adoption);
    const { experiments, fromMs } = adoption;
    if (experiments === undefined || this.told.get(task) === experiments) return;
    this.told.set(task, experiments);
    this.options.onEvent?.({ kind: 'adopted', task, version: this.experimentsIn(experiments).version, fromMs });
  }

  /** Ends looking. */
  async close(): Promise<void> {
    await this.looking.close();
    this.letGo();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private experimentsIn(payload: string): Experiments {
    let experiments = this.read.get(payload);
    if (experiments === undefined) this.read.set(payload, (experiments = experimentsOf(payload)));
    return experiments;
  }

  private async look(): Promise<void> {
    const look = ++this.looksBegun;
    const { source, cacheFile, onEvent } = this.options;
    const text = await source.read();
    if (this.isAway) onEvent?.({ kind: 'answering' });
    this.isAway = false;
    const payload = readPayload(text, source.place);
    this.refused = '';
    const isNew = this.show(await this.versions.resolved(payload), look);
    if (isNew && cacheFile !== undefined) rememberPayload(cacheFile, source.place, payload);
  }

  /** @returns whether it is another one than before */
  private show({ text, updatedAtMs }: ExperimentPayload, look: number): boolean {
    const isNew = this.found?.payload !== text;
    this.found = isNew ? { payload: text, sinceMs: updatedAtMs, look } : { ...this.found!, look };
    if (isNew) this.options.onEvent?.({ kind: 'read', version: this.experimentsIn(text).version });
    return isNew;
  }

  /** Tells once what goes on. */
  private missed(error: unknown): void {
    const [code, message] = [errorCodeOf(error), errorMessageOf(error)];
    const isAway = code === 'SFS_EXPERIMENTS_UNREACHABLE';
    if (isAway ? this.isAway : this.refused === message) return;
    if (isAway) this.isAway = true;
    else this.refused = message;
    this.options.onEvent?.({ kind: isAway ? 'unreachable' : 'refused', code, message });
  }
}
