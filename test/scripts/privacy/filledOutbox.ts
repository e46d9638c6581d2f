/** The outbox of an installation's reader, with events of several learners. */
import { Outbox } from '../../../reader/outbox.js';
import { feedbackOf } from '../../reader/numberedLogs.js';
import { at } from '../../topologies/clicks.js';
import { REGION, SEVEN, SEVENTY, type Erasable } from './erasable.js';

/** Events that wait for the log, of the learner and of others, and one that it has already. */
export async function fillOutbox({ installation, ada, bob }: Erasable): Promise<void> {
  const outbox = await Outbox.open(installation.view, REGION);
  const sent = [ada, bob, SEVEN, ada, SEVENTY].map((learner, nth) => feedbackOf(`e${nth}`, learner));
  await outbox.append(sent, at(3));
  await outbox.dropUpTo(1);
  await outbox.close();
}

/** Whose events wait. */
export async function waitingIn({ installation }: Erasable): Promise<string[]> {
  const outbox = await Outbox.open(installation.view, REGION);
  const learners = [...outbox.waiting()].map(({ event }) => event.value.learner as string);
  await outbox.close();
  return learners;
}
