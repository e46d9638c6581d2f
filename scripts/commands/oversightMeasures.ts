/** `skillforge oversight pause`, `resume`, `block`, `unblock`, `kill` and `revive`. */
import type { Command } from 'commander';
import { courseId, itemId, type MeasureTarget } from '../../schemas/index.js';
import { measureOrder } from '../oversight/orders.js';
import { usageError } from './failures.js';
import { actorOf, decide, decidingCommand, type DecidingOptions } from './oversightOptions.js';
import { printable } from './output.js';

interface PauseOptions extends DecidingOptions {
  readonly course?: string;
}

const PAUSED = `While it is paused, whoever asks gets what learners of the course use most: no list of a learner and no list of a segment is served, and
answers say "served": "paused". New decisions of "recommendations" are made without ranking, too. Events, features and topologies go on.`;

/** Pauses a region or a course. */
export function oversightPauseCommand(): Command {
  return pauseCommand('pause', 'answer with what is popular, for all or in a course', `Pauses the recommender. ${PAUSED}`, [
    'skillforge oversight pause --reason "complaints about the lists, under investigation"',
    'skillforge oversight pause --course AAA-2014J --reason "exam week" --by ada --json',
    'skillforge oversight pause --kafka localhost:9092 --region eu-west --reason "incident 12"',
  ]);
}

/** Ends a pause. */
export function oversightResumeCommand(): Command {
  return pauseCommand('resume', 'end a pause', 'Ends the pause of the region, or of a course. Courses that are paused by themselves stay so.', [
    'skillforge oversight resume --reason "cause found and mended"',
    'skillforge oversight resume --course AAA-2014J --reason "exams are over"',
  ]);
}

function pauseCommand(action: 'pause' | 'resume', summary: string, description: string, shown: readonly string[]): Command {
  return decidingCommand(action, summary, description, shown)
    .option('--course <course>', 'this course alone (default: all courses of the region)')
    .action((options: PauseOptions) => {
      const course = options.course === undefined ? null : courseId(options.course);
      const what = course === null ? `region ${options.region}` : `course ${printable(course)}`;
      return taking(options, { action, course }, `${what} is ${action === 'pause' ? 'paused' : 'no longer paused'}`);
    });
}

/** Blocks an item. */
export function oversightBlockCommand(): Command {
  return itemCommand(
    'block',
    'show an item to nobody',
    'Blocks an item: it is in no answer any more, whoever asks, and new decisions do not list it.',
    ['skillforge oversight block quiz-17 --reason "wrong answers in the key"'],
  );
}

/** Takes that back. */
export function oversightUnblockCommand(): Command {
  return itemCommand('unblock', 'show an item again', 'Ends the block of an item.', [
    'skillforge oversight unblock quiz-17 --reason "key is mended"',
  ]);
}

function itemCommand(action: 'block' | 'unblock', summary: string, description: string, shown: readonly string[]): Command {
  return decidingCommand(`${action} <item>`, summary, description, shown).action((item: string, options: DecidingOptions) =>
    taking(options, { action, item: itemId(item) }, `item ${printable(item)} is ${action === 'block' ? 'blocked' : 'no longer blocked'}`),
  );
}

const MODEL = 'MODEL is what records and answers say, such as recommender@0123456789ab, or formula-2: "model show" prints it.';

/** Kills a model. */
export function oversightKillCommand(): Command {
  return modelCommand(
    'kill',
    'use a model for nothing any more',
    `The kill switch of a model. Lists that it made are not served: who has one gets what the segment uses, else what is popular. New decisions are made by the
formula, until another model is promoted or this one is revived; it stays in the registry. ${MODEL}`,
    ['skillforge oversight kill recommender@0123456789ab --reason "ranks withdrawn courses first"'],
  );
}

/** Takes that back. */
export function oversightReviveCommand(): Command {
  return modelCommand('revive', 'let a model decide again', `Ends what "oversight kill" did: lists that the model made are served again. ${MODEL}`, [
    'skillforge oversight revive recommender@0123456789ab --reason "was a fault of the catalogue"',
  ]);
}

const LOOKS =
  'give the version as records say it, such as recommender@0123456789ab (12 hexadecimal digits) or formula-2, with + between several. ' +
  'It is "model" in an answer, and "skillforge model show" prints it';

/** A bundle is told by what is in it, a formula or rule by its number. */
const PART = /^[^+\s]+(@[0-9a-f]{12}|-\d+)$/;

/** Whether records may have such a version. What none can have would be killed without a change in any answer. */
const isVersion = (model: string): boolean => model.split('+').every((part) => PART.test(part));

function modelCommand(action: 'kill' | 'revive', summary: string, description: string, shown: readonly string[]): Command {
  return decidingCommand(`${action} <model>`, summary, description, shown).action((model: string, options: DecidingOptions) => {
    if (!isVersion(model)) throw usageError(`"${printable(model)}" is no version of a model: ${LOOKS}`);
    return taking(options, { action, model }, `model ${printable(model)} is ${action === 'kill' ? 'killed' : 'no longer killed'}`);
  });
}

const taking = (options: DecidingOptions, target: MeasureTarget, text: string): Promise<void> =>
  decide(options, measureOrder(actorOf(options), target), text);
