import { SkillForgeError } from '../../../schemas/index.js';
import type { Model } from '../../../operators/ports/models.js';
import type { ModelRef } from '../../engine/followedModels.js';
import { readBundle } from '../bundle.js';
import { openModels, type ModelFolder, type ModelOptions } from '../modelFolder.js';
import { cachedFolder, isSound } from '../registry/bundleCopy.js';
import type { ModelRegistry } from '../registry/index.js';

/** An open model. */
export interface OpenedModel {
  readonly model: Model;
  readonly trainedUntilMs: number;
}

interface Opening {
  readonly done: Promise<OpenedModel>;
  /** Set when it is done. */
  folder: ModelFolder | null;
  opened: OpenedModel | null;
}

/** Models of a registry that are in memory, by their digests: each with a scoring thread of its own, as long as somebody uses it. */
export class OpenedModels {
  private readonly openings = new Map<string, Opening>();

  constructor(
    private readonly registry: ModelRegistry,
    private readonly cacheFolder: string,
    private readonly options: ModelOptions,
  ) {}

  get({ digest }: ModelRef): Model | undefined {
    return this.openings.get(digest)?.opened?.model;
  }

  /** From the cache where it is there, whole; else the registry is asked. @throws what fetching and opening throw; the next call tries again */
  open(ref: ModelRef): Promise<OpenedModel> {
    let opening = this.openings.get(ref.digest);
    if (opening === undefined) {
      opening = { done: this.load(ref), folder: null, opened: null };
      this.openings.set(ref.digest, opening);
    }
    return opening.done;
  }

  /** Closes the models that nobody uses. */
  async closeAllBut(used: ReadonlySet<string>): Promise<void> {
    const unused = [...this.openings].filter(([digest, { folder }]) => folder !== null && !used.has(digest));
    for (const [digest] of unused) this.openings.delete(digest);
    await Promise.all(unused.flatMap(([, { folder }]) => folder?.close() ?? []));
  }

  /** Closes everything, also what is being opened. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.openings.values()].map(({ done }) => done));
    await this.closeAllBut(new Set());
  }

  private async load(ref: ModelRef): Promise<OpenedModel> {
    try {
      const folder = await openModels(await this.fetched(ref), this.options);
      const { trainedUntilMs } = folder.manifests[0]!;
      const opened = { model: folder.at(trainedUntilMs), trainedUntilMs };
      Object.assign(this.openings.get(ref.digest)!, { folder, opened });
      return opened;
    } catch (error) {
      this.openings.delete(ref.digest);
      throw error;
    }
  }

  private async fetched(ref: ModelRef): Promise<string> {
    const cached = cachedFolder(this.cacheFolder, ref);
    if (isSound(cached, ref)) return cached;
    const folder = await this.registry.fetch(ref.number, this.cacheFolder);
    const { digest } = readBundle(folder);
    if (digest === ref.digest) return folder;
    const what = `version ${ref.number} of ${this.registry.name} in ${this.registry.place} has the digest ${digest}, and ${ref.digest} is what decided`;
    throw new SkillForgeError('SFS_MODEL_MISSING', what, { context: { number: ref.number, digest, wanted: ref.digest } });
  }
}
