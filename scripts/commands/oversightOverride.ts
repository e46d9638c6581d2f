/** `skillforge oversight override`. */
import { Option, type Command } from 'commander';
import { itemId, learnerId } from '../../schemas/index.js';
import { CLEARED, overrideOrder, type OverrideTerms } from '../oversight/orders.js';
import { usageError } from './failures.js';
import { actorOf, decide, decidingCommand, withKeyOptions, type DecidingOptions } from './oversightOptions.js';
import { printable } from './output.js';

interface OverrideOptions extends DecidingOptions {
  readonly baseline?: true;
  readonly pin?: readonly string[];
  readonly exclude?: readonly string[];
  readonly clear?: true;
}

const DESCRIPTION = `Decides about the recommendations of one learner, over what was ranked. With --baseline they get what learners of their courses use most, and answers
say "served": "override". With --pin these items stand first, with the source PINNED. With --exclude these are not shown. The three go together; what is said now takes
the place of what was said before. --clear ends it. LEARNER is a pseudonym.

On Kafka, in a region that has data keys, give --redis: what is decided is sealed with the key of the learner. Without it, it is written in clear, with who and why.`;

/** Items of an override: a list holds no more. */
const MOST_ITEMS = 20;

/** Overrides what is recommended to a learner. */
export function oversightOverrideCommand(): Command {
  const terms = ['baseline', 'pin', 'exclude'];
  const command = decidingCommand('override <learner>', 'decide about the lists of one learner', DESCRIPTION, [
    'skillforge oversight override learner-7 --baseline --reason "asked for it"',
    'skillforge oversight override learner-7 --pin unit-3 quiz-4 --exclude forum-1 --reason "agreed with their teacher" --by ada',
    'skillforge oversight override learner-7 --clear --reason "the agreement is over" --json',
    'skillforge oversight override learner-7 --baseline --reason "asked for it" --kafka localhost:9092 --redis redis://localhost:6379',
  ]);
  return withKeyOptions(command, 'the decision is written in clear')
    .option('--baseline', 'what is popular, in place of lists of their own')
    .option('--pin <item...>', 'items that stand first, in this order')
    .option('--exclude <item...>', 'items that are not shown')
    .addOption(new Option('--clear', 'ends what was decided before').conflicts(terms))
    .action((learner: string, options: OverrideOptions) => {
      const order = overrideOrder(actorOf(options), learnerId(learner), termsOf(options));
      const what = options.clear ? 'nothing is overridden' : 'recommendations are overridden';
      return decide(options, order, `${what} for ${printable(learner)}`);
    });
}

function termsOf({ baseline, pin = [], exclude = [], clear }: OverrideOptions): OverrideTerms {
  if (clear) return CLEARED;
  if (baseline === undefined && pin.length + exclude.length === 0) throw usageError('say what is decided: --baseline, --pin, --exclude or --clear');
  if (Math.max(pin.length, exclude.length) > MOST_ITEMS) throw usageError(`give ${MOST_ITEMS} items at most`);
  const both = pin.filter((item) => exclude.includes(item));
  if (both.length > 0) throw usageError(`${both.join(', ')} cannot both stand first and not be shown`);
  return { baseline: baseline === true, pinned: pin.map(itemId), excluded: exclude.map(itemId) };
}
