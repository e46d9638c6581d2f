/** The page with the last result of the full loop. */
import { machineText } from '../checks/machine.js';
import type { LoopResult, LoopSize } from './loop.js';

/** The text of docs/reference/loop.md. */
export function loopPage({ steps, promotionSeconds, rollbackSeconds, stoppedBy }: LoopResult, { school, days }: LoopSize): string {
  const machine = machineText();
  const total = steps.reduce((sum, { seconds }) => sum + seconds, 0);
  return [
    '# The daily loop, last result',
    '',
    '<!-- Written by `npm run loop`. -->',
    '',
    `On ${new Date().toISOString().slice(0, 10)}, on ${machine}: Kafka with one broker, Redis, MLflow and Feast, all real and on this machine.`,
    `A school of ${school.learners} learners and ${school.courses} courses; ${days} days before the first model, ${school.days} in all.`,
    '',
    `- A learner was served a list of the first model ${promotionSeconds.toFixed(1)} s after it was promoted, without a restart.`,
    `- The poisoned day was refused for training; trained all the same, it was stopped by: ${stoppedBy.join(', ')}.`,
    `- ${rollbackSeconds.toFixed(1)} s after the rollback a learner was served a list of the first model again.`,
    '',
    `| step, ${(total / 60).toFixed(1)} minutes in all | seconds | found |`,
    '|---|--:|---|',
    ...steps.map(({ name, seconds, found }) => `| ${name} | ${seconds.toFixed(1)} | ${found.replaceAll('|', '/')} |`),
    '',
  ].join('\n');
}
