import { filter, map, mergeMap } from 'rxjs';
import { days, dedupe, hours, inTimeOrder, keyBy, reduce, schema, to, topology, withValue, type Infer } from '../operators/index.js';
import {
  NO_ANSWERS,
  NO_RESIDUALS,
  probabilityRight,
  skillRate,
  withAnyAnswer,
  withLearnerAnswer,
  withSkillAnswer,
} from '../operators/knowledge/index.js';
import { topics, type LearnerId } from '../schemas/index.js';

const VERSION = 2;
const LATENESS = hours(1);

/** An answer to one of the skills of a quiz. */
const answer = schema.record({ learner: schema.branded<LearnerId>(), skill: schema.string, isRight: schema.boolean });
/** The answers of everybody to a skill before the last one, which takes them along to its learner. */
const asked = schema.record({ answers: schema.long, right: schema.long, last: schema.nullable(answer) });

const residuals = { answers: schema.long, sum: schema.double };
const estimate = schema.record({ skill: schema.string, rate: schema.double, ...residuals, lastAtMs: schema.long });
/** What is known of a learner: of all answers together, and of each skill, by name. */
const knowledge = schema.record({ learner: schema.record(residuals), skills: schema.array(estimate) });
type Knowledge = Infer<typeof knowledge>;

/** The last answer counts only now: what it is compared with is what came before it. */
function askedAgain({ answers, right, last }: Infer<typeof asked>, next: Infer<typeof answer>): Infer<typeof asked> {
  const before = last === null ? NO_ANSWERS : withAnyAnswer({ answers, right }, last.isRight);
  return { ...before, last: next };
}

function answered({ learner, skills }: Knowledge, { last, ...everybody }: Infer<typeof asked>, atMs: number): Knowledge {
  const { skill, isRight } = last!;
  const rate = skillRate(everybody);
  const before = skills.find((one) => one.skill === skill);
  const after = { skill, rate, ...withSkillAnswer(before ?? NO_RESIDUALS, isRight, rate), lastAtMs: Math.max(before?.lastAtMs ?? atMs, atMs) };
  return {
    learner: withLearnerAnswer(learner, isRight, rate),
    skills: [...skills.filter((one) => one !== before), after].sort((a, b) => (a.skill < b.skill ? -1 : 1)),
  };
}

const masteryOf = ({ learner, skills }: Knowledge) =>
  skills.map(({ skill, rate, answers, sum, lastAtMs }) => ({
    skill,
    mastery: probabilityRight({ rate, skill: { answers, sum }, learner }),
    answers,
    lastAtMs,
  }));

/**
 * What each learner masters, skill by skill, after each answer: the probability of a right answer to the next question. An answer goes to its
 * skill, which knows how everybody answered before, and comes back to its learner. A result that was carried over from an earlier presentation
 * tells nothing of today, and a repeat of an event nothing new.
 */
export default topology('quiz-mastery', { version: VERSION, description: 'what each learner masters, skill by skill' }, ({ source, region }) => {
  const answers = source(topics.quizResults, { eventTimeMs: (result) => result.occurredAtMs, latenessMs: LATENESS }).pipe(
    filter(({ value: { personal } }) => !personal.banked && personal.skills.length > 0),
    dedupe('once', { by: (result) => result.eventId, withinMs: days(1) }),
    mergeMap((record) => {
      const { skills, correct } = record.value.personal;
      return [...new Set(skills)].map((skill) => withValue(record, { learner: record.key, skill, isRight: correct }));
    }),
  );
  // What several tasks send to one comes in the order of their streams' time: the order in which answers were given is made again.
  const rated = answers.pipe(
    keyBy('by-skill', { key: ({ skill }) => skill, value: answer }),
    inTimeOrder('skill-in-order', { value: answer }),
    reduce('asked', { state: asked, initial: { ...NO_ANSWERS, last: null }, reduce: askedAgain }),
    keyBy('by-learner', { key: ({ last }) => last!.learner, value: asked }),
    inTimeOrder('learner-in-order', { value: asked }),
  );
  rated.pipe(
    reduce('knowledge', { state: knowledge, initial: { learner: NO_RESIDUALS, skills: [] }, reduce: answered }),
    map(({ key, value }) => {
      // An answer that comes too late for its place changes what holds now, not the past.
      const asOfMs = Math.max(...value.skills.map(({ lastAtMs }) => lastAtMs));
      return { key, timestamp: asOfMs, value: { learner: key, region, asOfMs, topologyVersion: VERSION, personal: { skills: masteryOf(value) } } };
    }),
    to(topics.learnerMastery),
  );
});
