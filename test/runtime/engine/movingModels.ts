/** Models that a test moves: what a run follows, without files. */
import type { Model, Models } from '../../../operators/ports/models.js';
import { formulaModels } from '../../../operators/recommend/formulaModels.js';
import type { Adoption, CurrentModel, FollowedModels, ModelRef } from '../../../runtime/engine/followedModels.js';

export const ref = (name: string): ModelRef => ({ number: name, digest: `digest-${name}` });

/** A model that tells its name and does nothing else. */
const named = (name: string): Model => ({ ...formulaModels.at(0), version: name });

export class MovingModels implements FollowedModels {
  current: CurrentModel | null = null;
  looks = 1;
  readonly fallback: Models = { at: () => named('fallback') };
  /** Models that were opened for a task, in order; those that are current were open before. */
  readonly openedFor: string[] = [];
  readonly adoptions: (Adoption & { readonly task: string })[] = [];
  private readonly open_ = new Set<string>();

  /** The alias moves to a model, which this process has seen by a look of its own. */
  promote(name: string, trainedUntilMs = -Infinity): void {
    this.current = { ref: ref(name), trainedUntilMs, look: ++this.looks };
    this.open_.add(this.current.ref.digest);
  }

  opened({ digest, number }: ModelRef): Model | undefined {
    return this.open_.has(digest) ? named(number) : undefined;
  }

  async open({ digest, number }: ModelRef): Promise<void> {
    await Promise.resolve();
    this.openedFor.push(number);
    this.open_.add(digest);
  }

  use(): () => void {
    return () => undefined;
  }

  adopted(task: string, adoption: Adoption): void {
    this.adoptions.push({ ...adoption, task });
  }
}
