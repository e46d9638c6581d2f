import { SkillForgeError, errorCodeOf, errorMessageOf } from '../../../schemas/index.js';
import type { Model, Models } from '../../../operators/ports/models.js';
import { formulaModels } from '../../../operators/recommend/formulaModels.js';
import type { Adoption, CurrentModel, FollowedModels, FoundModel, ModelRef } from '../../engine/followedModels.js';
import { Looking } from '../../looking.js';
import type { ModelOptions } from '../modelFolder.js';
import type { Alias, ModelRegistry } from '../registry/index.js';
import type { ModelObserver } from './modelEvents.js';
import { OpenedModels } from './openedModels.js';
import { rememberModel, rememberedModel } from './rememberedModel.js';

/** What is followed, and how; in brackets the defaults. */
export interface FollowOptions extends ModelOptions {
  readonly registry: ModelRegistry;
  /** Keeps bundles, and which version was current last: processes may share it. */
  readonly cacheFolder: string;
  /** (`production`) */
  readonly alias?: Alias;
  /** Time between two looks, ms (2,000). */
  readonly everyMs?: number;
  /** How long a version that was refused is not tried again, ms (60,000). */
  readonly againMs?: number;
  readonly onEvent?: ModelObserver;
}

const EVERY_MS = 2_000;
const AGAIN_MS = 60_000;

/**
 * Follows an alias of a registry: looks at once, and then every two seconds. What decides is what the alias pointed to last and could be opened. Where
 * the registry is away, that is the version that the cache remembers, and as long as there is none, the fallback.
 *
 * @example
 * await using models = await followAlias({ registry: openRegistry('./registry'), cacheFolder: './model-cache', region: 'eu-west' });
 * const worker = new Worker([recommendations], storage, { region: 'eu-west', mode: 'follow', models });
 */
export async function followAlias(options: FollowOptions): Promise<AliasFollower> {
  const follower = new AliasFollower(options);
  await follower.begin();
  return follower;
}

/** Made by {@link followAlias}. Whoever made it closes it. */
export class AliasFollower implements FollowedModels {
  readonly fallback: Models;
  current: CurrentModel | null = null;
  looks = 0;
  private readonly alias: Alias;
  private readonly opening: OpenedModels;
  private readonly users = new Set<() => Iterable<string>>();
  private isAway = false;
  private refused: { readonly digest: string; readonly atMs: number } | null = null;
  private readonly looking: Looking;

  /** @internal */
  constructor(private readonly options: FollowOptions) {
    const { registry, cacheFolder, alias = 'production', fallback = formulaModels } = options;
    this.alias = alias;
    this.fallback = fallback;
    this.opening = new OpenedModels(registry, cacheFolder, options);
    this.looking = new Looking(options.everyMs ?? EVERY_MS, () => this.lookAndLetGo());
  }

  /** @internal */
  async begin(): Promise<void> {
    await this.look();
    if (this.current === null) await this.recall();
    this.looking.begin();
  }

  opened(ref: ModelRef): Model | undefined {
    return this.opening.get(ref);
  }

  async open(ref: ModelRef): Promise<void> {
    await this.opening.open(ref);
  }

  /** A version is what the registry says now; while it is away, what it said last. */
  async find(number: string): Promise<FoundModel> {
    const ref = await this.refOf(number);
    const { model, trainedUntilMs } = await this.opening.open(ref);
    return { ref, version: model.version, trainedUntilMs };
  }

  use(digests: () => Iterable<string>): () => void {
    this.users.add(digests);
    return () => this.users.delete(digests);
  }

  adopted(task: string, { model, fromMs }: Adoption): void {
    this.options.onEvent?.({ kind: 'adopted', task, number: model?.number ?? null, fromMs });
  }

  /** Ends looking, and closes the models. */
  async close(): Promise<void> {
    await this.looking.close();
    await this.opening.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Closes what no task can need any more, too. */
  private async lookAndLetGo(): Promise<void> {
    await this.look();
    const used = [...this.users].flatMap((digests) => [...digests()]);
    await this.opening.closeAllBut(new Set([...used, this.current?.ref.digest ?? '']));
  }

  /** An alias that points nowhere changes nothing. */
  private async look(): Promise<void> {
    const look = ++this.looks;
    try {
      const found = await this.options.registry.at(this.alias);
      if (this.isAway) this.options.onEvent?.({ kind: 'answering' });
      this.isAway = false;
      if (found !== null) await this.turnTo(found, look);
    } catch (error) {
      this.missed(error);
    }
  }

  private async turnTo({ number, digest }: ModelRef, look: number): Promise<void> {
    if (this.current?.ref.digest === digest) {
      this.current = { ...this.current, look };
      return;
    }
    const { againMs = AGAIN_MS } = this.options;
    if (this.refused?.digest === digest && performance.now() - this.refused.atMs < againMs) return;
    const ref = { number, digest };
    try {
      await this.show(ref, look);
      this.refused = null;
    } catch (error) {
      if (isAwayError(error)) throw error;
      this.refused = { digest, atMs: performance.now() };
      this.options.onEvent?.({ kind: 'refused', number, code: errorCodeOf(error), message: errorMessageOf(error) });
      return;
    }
    rememberModel({ ...this.options, alias: this.alias }, ref);
  }

  private async show(ref: ModelRef, look: number): Promise<void> {
    const { model, trainedUntilMs } = await this.opening.open(ref);
    this.current = { ref, trainedUntilMs, look };
    this.options.onEvent?.({ kind: 'opened', number: ref.number, version: model.version });
  }

  private async refOf(number: string): Promise<ModelRef> {
    const place = { ...this.options, alias: `version-${number}` } as const;
    try {
      const { digest } = await this.options.registry.version(number);
      rememberModel(place, { number, digest });
      return { number, digest };
    } catch (error) {
      const known = isAwayError(error) ? rememberedModel(place) : null;
      if (known === null) throw error;
      return known;
    }
  }

  /** The version of the last run. */
  private async recall(): Promise<void> {
    const ref = rememberedModel({ ...this.options, alias: this.alias });
    if (ref === null) return;
    try {
      await this.show(ref, 0);
    } catch (error) {
      this.options.onEvent?.({ kind: 'refused', number: ref.number, code: errorCodeOf(error), message: errorMessageOf(error) });
    }
  }

  private missed(error: unknown): void {
    if (this.isAway) return;
    this.isAway = true;
    this.options.onEvent?.({ kind: 'unreachable', code: errorCodeOf(error), message: errorMessageOf(error) });
  }
}

/** It may answer again by itself. */
const isAwayError = (error: unknown): boolean => error instanceof SkillForgeError && error.code === 'SFS_MODEL_REGISTRY' && error.retriable;
