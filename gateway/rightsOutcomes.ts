import type { Opened, RightsOutcome } from '../schemas/index.js';

/** Where it is told how far requests of learners are: the topic `rights-outcomes` of the region. */
export interface RightsOutcomes {
  /** The last that is known of a request, as of this call; `null` where there is none. @throws what reading the log throws */
  find(request: string): Promise<Opened<RightsOutcome> | null>;
}
