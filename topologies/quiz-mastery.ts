import { filter, map } from 'rxjs';
import { days, dedupe, hours, inTimeOrder, reduce, schema, to, topicSchema, topology } from '../operators/index.js';
import { topics, type SkillMastery } from '../schemas/index.js';

const LATENESS = hours(1);
/** How much an answer still weighs when the next one comes. */
const KEEP = 0.8;
/** What is supposed before the first answer, and how many answers it weighs. */
const PRIOR = { mastery: 0.5, answers: 2 };

/** What the prior and `answers` answers weigh together: w(0) = PRIOR.answers, w(n) = KEEP * w(n - 1) + 1. */
const weightOf = (answers: number): number => KEEP ** answers * PRIOR.answers + (1 - KEEP ** answers) / (1 - KEEP);

/**
 * The share of right answers, in which each weighs KEEP times as much as the one after it, and the prior counts as answers before the first.
 * @see A. Galyardt, I. Goldin, "Move your lamp post: Recent data reflects learner knowledge better than older data" (JEDM 7(2), 2015), the
 * recent success proportion R; its "ghost" attempts are the prior here
 */
function answered(before: SkillMastery | undefined, skill: string, isRight: boolean, atMs: number): SkillMastery {
  const { mastery, answers, lastAtMs } = before ?? { mastery: PRIOR.mastery, answers: 0, lastAtMs: atMs };
  const kept = KEEP * weightOf(answers);
  return { skill, mastery: (mastery * kept + (isRight ? 1 : 0)) / (kept + 1), answers: answers + 1, lastAtMs: Math.max(lastAtMs, atMs) };
}

const estimates = schema.array(schema.record({ skill: schema.string, mastery: schema.double, answers: schema.long, lastAtMs: schema.long }));

/**
 * What each learner masters, skill by skill, after each quiz: the probability of a right answer to the next question. A result that was
 * carried over from an earlier presentation tells nothing of today, and a repeat of an event nothing new.
 */
export default topology('quiz-mastery', { version: 1, description: 'what each learner masters, skill by skill' }, ({ source, region }) => {
  source(topics.quizResults, { eventTimeMs: (result) => result.occurredAtMs, latenessMs: LATENESS }).pipe(
    filter(({ value: { personal } }) => !personal.banked && personal.skills.length > 0),
    dedupe('once', { by: (result) => result.eventId, withinMs: days(1) }),
    inTimeOrder('in-order', { value: topicSchema(topics.quizResults) }),
    reduce('mastery', {
      state: estimates,
      initial: [],
      reduce: (known, { personal }, atMs) => {
        const skills = new Map(known.map((estimate) => [estimate.skill, estimate]));
        for (const skill of new Set(personal.skills)) skills.set(skill, answered(skills.get(skill), skill, personal.correct, atMs));
        return [...skills.values()].sort((a, b) => (a.skill < b.skill ? -1 : 1));
      },
    }),
    map(({ key, value: skills }) => {
      // An answer that comes too late for its place changes what holds now, not the past.
      const asOfMs = Math.max(...skills.map(({ lastAtMs }) => lastAtMs));
      return { key, timestamp: asOfMs, value: { learner: key, region, asOfMs, topologyVersion: 1, personal: { skills } } };
    }),
    to(topics.learnerMastery),
  );
});
