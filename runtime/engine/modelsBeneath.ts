import type { Model, Models } from '../../operators/ports/models.js';
import { formulaModels } from '../../operators/recommend/formulaModels.js';
import { SkillForgeError } from '../../schemas/index.js';
import { isFollowed, type Adoption, type CurrentModel, type FollowedModels, type ModelRef, type RunModels } from './followedModels.js';

/** Something that is followed beside models, such as experiments: of models it is what those beneath it are, fixed ones or followed in turn. */
export abstract class ModelsBeneath {
  readonly fallback: Models;
  /** `null`: the models beneath are fixed. */
  protected readonly followed: FollowedModels | null;

  /** @param models - `null` for the formula */
  constructor(models: RunModels | null) {
    const beneath = models ?? formulaModels;
    this.followed = isFollowed(beneath) ? beneath : null;
    this.fallback = isFollowed(beneath) ? beneath.fallback : beneath;
  }

  get current(): CurrentModel | null {
    return this.followed?.current ?? null;
  }

  get looks(): number {
    return this.followed?.looks ?? 0;
  }

  opened(ref: ModelRef): Model | undefined {
    return this.followed?.opened(ref);
  }

  /** @throws SFS_MODEL_MISSING where the models beneath are fixed; what opening them throws */
  open(ref: ModelRef): Promise<void> {
    if (this.followed !== null) return this.followed.open(ref);
    const what = `a task decided with version ${ref.number} of a registry, which this run does not follow: give it --models registry`;
    return Promise.reject(new SkillForgeError('SFS_MODEL_MISSING', what, { context: { number: ref.number, digest: ref.digest } }));
  }

  use(digests: () => Iterable<string>): () => void {
    return this.followed?.use(digests) ?? (() => undefined);
  }

  adopted(task: string, adoption: Adoption): void {
    this.followed?.adopted(task, adoption);
  }
}
