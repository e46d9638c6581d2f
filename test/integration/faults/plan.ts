/** Which faults a long run makes. */
import type { Fault } from './campaign.js';
import { killWorker, poison, rescale, slowPartition, stepFaults, stopWorker, zombieFaults } from './faults.js';
import { cutOffRedis, failOverRedis, freezeRedis, killLeader, killRedis, restartBrokers, shutRegistry, silenceRegistry } from './serverFaults.js';

/** Every kind that there is: one broker cannot be taken away. */
export const kindsOf = (brokers: 1 | 3): readonly Fault[] => [
  killWorker,
  stopWorker,
  rescale,
  killRedis,
  failOverRedis,
  freezeRedis,
  cutOffRedis,
  shutRegistry,
  silenceRegistry,
  slowPartition,
  poison,
  ...(brokers === 3 ? [killLeader, restartBrokers] : []),
];

/** The faults of a long run, in an order that the seed decides: each kind and each step of the commit at least once, where there is room. */
export function plan(count: number, random: { below(end: number): number }, brokers: 1 | 3): Fault[] {
  const kinds = kindsOf(brokers);
  const groups: readonly (readonly Fault[])[] = [...kinds.map((one) => [one]), stepFaults, stepFaults, zombieFaults];
  const planned = [...kinds, ...stepFaults, ...zombieFaults].slice(0, count);
  while (planned.length < count) {
    const group = groups[random.below(groups.length)]!;
    planned.push(group[random.below(group.length)]!);
  }
  for (let at = planned.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [planned[at], planned[other]] = [planned[other]!, planned[at]!];
  }
  return planned;
}
