/** A plan as people read it. */
import { bytesText, countText, secondsText } from '../commands/output.js';
import type { Figure } from './plan.js';

/** What the figures are called, in the order of a plan. */
export const FIGURE_NAMES: Readonly<Record<string, string>> = {
  peakEvents: 'events at the peak',
  peakDecisions: 'decisions at the peak',
  closingDecisions: 'decisions while a day closes',
  peakCores: 'work at the peak',
  closingCores: 'work while a day closes',
  workers: 'worker processes',
  partitions: 'partitions of the topics of learners',
  logBytesPerDay: 'kept of a day',
  peakWritten: 'written at the peak, before replicas',
  brokerDisk: 'disk of all brokers',
  brokers: 'brokers',
  redisPerLearner: 'Redis for a learner',
  redisBytes: 'Redis in all, before replicas',
  redisCores: 'work of Redis at the peak',
  redisNodes: 'nodes of Redis, replicas included',
  gateways: 'gateways',
  readers: 'readers',
  viewDisk: 'disk of a reader',
  viewRebuild: 'a reader builds its view in',
};

/** A figure with its unit: sizes in steps of a thousand, cores with a digit, all else as whole numbers. */
export function figureText({ value, unit }: Figure): string {
  if (unit === 'bytes') return bytesText(value);
  if (unit === 'bytes/s') return `${bytesText(value)}/s`;
  if (unit === 'seconds') return secondsText(value);
  if (unit === 'cores') return `${value.toFixed(1)} cores`;
  const isRate = unit.endsWith('/s');
  return isRate ? `${countText(value)} ${unit}` : countText(value);
}
