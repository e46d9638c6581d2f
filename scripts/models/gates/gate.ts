/** What a gate says of a version. */

/** The gates, in the order in which they are told. */
export const GATES = [
  'digest',
  'region',
  'card',
  'size',
  'serving',
  'parity',
  'latency',
  'decisions',
  'quality-next',
  'quality-new',
  'groups',
  'inputs',
  'scores',
] as const;

/** One of {@link GATES}. */
export type GateName = (typeof GATES)[number];

/** What a gate found. */
export interface GateCheck {
  readonly name: GateName;
  /** `skipped` only where a bundle may lack what the gate looks at. */
  readonly status: 'passed' | 'failed' | 'skipped';
  /** What was measured; `null` where nothing could be. */
  readonly value: number | string | null;
  /** What the value had to keep to; `null` where it is no number that decides. */
  readonly bound: number | string | null;
  /** For people: what the value means, and why a check was not passed. */
  readonly reason: string;
}

/** What a check measured, and what it is held to. */
export type Measurement = Pick<GateCheck, 'value' | 'bound' | 'reason'>;

/** A check with its verdict. */
export const checked = (name: GateName, isPassed: boolean, measurement: Measurement): GateCheck => ({
  name,
  status: isPassed ? 'passed' : 'failed',
  ...measurement,
});

/** What cannot be measured has not been passed. */
export const failedClosed = (name: GateName, reason: string): GateCheck => ({ name, status: 'failed', value: null, bound: null, reason });

/** A bundle that was trained before there was such a file has none. */
export const skipped = (name: GateName, reason: string): GateCheck => ({ name, status: 'skipped', value: null, bound: null, reason });
