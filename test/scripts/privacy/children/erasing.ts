/** Erases a learner of a folder, and is killed in the middle where its arguments say so: the installation as JSON, the learner, and a step with when. */
import { join } from 'node:path';
import type { Installation } from '../../../../scripts/privacy/erasure/places.js';
import { eraseLearner, erasuresFolder } from '../../../../scripts/privacy/erasure/saga.js';
import { SigningKey } from '../../../../scripts/privacy/erasure/signing.js';

const [place = '', learner = '', instant = '', now = ''] = process.argv.slice(2);
const installation = JSON.parse(place) as Installation;
await eraseLearner({
  installation,
  learner,
  key: SigningKey.at(join(erasuresFolder(installation), 'receipts.key')),
  clock: () => Number(now),
  reached: (step, when) => {
    if (`${step} ${when}` === instant) process.kill(process.pid, 'SIGKILL');
  },
});
