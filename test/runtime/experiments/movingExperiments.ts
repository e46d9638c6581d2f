/** Models and experiments that a test moves. */
import type { Experiments } from '../../../operators/ports/experiments.js';
import { NO_TREATMENT } from '../../../operators/ports/experiments.js';
import type { CurrentExperiments, FollowedExperiments } from '../../../runtime/engine/followedModels.js';
import { MovingModels, ref } from '../engine/movingModels.js';

/** Experiments that tell their payload and assign nobody. One such as `x+a` names the model `a`. */
function named(payload: string): Experiments {
  const [, version] = payload.split('+');
  return {
    version: payload,
    ...(version === undefined ? {} : { versions: { [version]: ref(version).digest } }),
    assign: (_, sticky) => ({ treatment: NO_TREATMENT, assignments: [], sticky }),
  };
}

export class MovingExperiments extends MovingModels {
  private found: CurrentExperiments | null = null;
  readonly experiments: FollowedExperiments;

  constructor() {
    super();
    const current = (): CurrentExperiments | null => this.found;
    this.experiments = {
      get current() {
        return current();
      },
      get looks() {
        return current()?.look ?? 0;
      },
      read: named,
    };
  }

  /** Another payload is there, which this process has seen by a look of its own. */
  publish(payload: string, sinceMs = -Infinity): void {
    this.found = { payload, sinceMs, look: this.experiments.looks + 1 };
  }
}
