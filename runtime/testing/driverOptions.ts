import type { Models } from '../../operators/ports/models.js';
import type { StepLimits } from '../engine/taskParts.js';
import { inOneBatch, type Batching } from './batching.js';

/** How a topology is tested. */
export interface DriverOptions {
  /** Default `test`. Records of another region are refused, as in production: they become dead letters. */
  readonly region?: string;
  /** What the topologies decide with. Default none. */
  readonly models?: Models;
  /** Most partitions of each topic: several show what one would hide, few are fast. Default 3. */
  readonly partitions?: number;
  /** The driver's wall clock at the beginning, ms since epoch. Default 0. */
  readonly nowMs?: number;
  /** Event time between two watermark markers of derived topics, ms. Default a minute, as in production. */
  readonly markerMs?: number;
  /** How input is cut into commits. `testTopology` chooses; default all in one batch. */
  readonly batching?: Batching;
  /** Keeps a snapshot of everything after each step, for comparisons. Default false; `testTopology` does. */
  readonly keepSteps?: boolean;
}

/** Options with defaults in place. */
export interface DriverSettings {
  readonly region: string;
  readonly models: Models | null;
  readonly partitions: number;
  readonly nowMs: number;
  readonly batching: Batching;
  readonly limits: Partial<StepLimits>;
  readonly keepSteps: boolean;
}

/** Fills the defaults in. */
export function driverSettings(options: DriverOptions): DriverSettings {
  const batching = options.batching ?? inOneBatch;
  return {
    region: options.region ?? 'test',
    models: options.models ?? null,
    partitions: options.partitions ?? 3,
    nowMs: options.nowMs ?? 0,
    batching,
    keepSteps: options.keepSteps ?? false,
    limits: { maxRecords: batching.maxRecords, ...(options.markerMs === undefined ? {} : { markerMs: options.markerMs }) },
  };
}
