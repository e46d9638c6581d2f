import type { Intake } from '../intake.js';
import type { GatewayMetrics } from '../metrics.js';
import type { StatementRules } from '../xapi/statement.js';

/** What routes work with. */
export interface RouteParts {
  readonly intake: Intake;
  readonly rules: StatementRules;
  readonly metrics: GatewayMetrics;
  /** Most events of a request. */
  readonly mostEvents: number;
}
