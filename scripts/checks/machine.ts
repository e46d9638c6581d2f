/** What results were measured on. */
import { availableParallelism, cpus } from 'node:os';

/** Cores, processor, version of Node and system of this machine. */
export const machineText = (): string =>
  `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.versions.node}, ${process.platform}`;
