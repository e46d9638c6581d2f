/** What learners are like, and what they take when. All of it follows from their number: no memory. */
import { cohortId, learnerId, type CohortId, type LearnerId } from '../../schemas/index.js';
import { HABITS } from '../synthetic/habits.js';
import { DAY_MS, ENROLMENT_MS, WEEK_MS, type Calendar } from './calendar.js';
import { SKILLS, TASTES } from './layout.js';
import { bellOf, stepOf, traitOf } from './numbers.js';
import type { SchoolOptions } from './options.js';
import type { Presentation } from './presentation.js';

const TRAIT = {
  course: 1,
  hasSecond: 2,
  second: 3,
  takesPart: 4,
  isEarly: 5,
  enrols: 6,
  ends: 7,
  endsWhen: 8,
  habit: 9,
  activity: 10,
  education: 11,
  age: 12,
  followsEducation: 13,
  taste: 14,
  otherTaste: 15,
  ability: 16,
  consents: 17,
  changesConsent: 18,
  consentChanges: 19,
  hours: 20,
  newHours: 21,
  saysHours: 22,
  changesHours: 23,
  hoursChange: 24,
} as const;

/** Courses that a learner may take at a time. */
export const SLOTS = 2;
const SECOND_COURSE_SHARE = 0.2;
const TAKES_PART_SHARE = 0.9;
/** Part that enrols before the presentation begins; the others come while units open. */
const EARLY_SHARE = 0.65;
/** Newcomers stay away from the last fifth of the units. */
const LATEST_PART = 0.8;
const ENDS_EARLY_SHARE = 0.25;
const LEAST_STAY_MS = 3 * DAY_MS;
const CONSENT_SHARE = 0.9;
const CONSENT_CHANGE_SHARE = 0.06;
const CONSENT_CHANGE_MS = 60 * DAY_MS;
const SAYS_HOURS_SHARE = 0.6;
const CHANGES_HOURS_SHARE = 0.3;
const ROUNDS_PER_SLOT = 65_536;

/** Values of the profile's attribute `education`, with their shares. Each has a taste of its own and another ability. */
export const EDUCATION = ['Primary', 'Secondary', 'Bachelor', 'Master'] as const;
const EDUCATION_SHARES = [0.2, 0.4, 0.3, 0.1];
const AGES = ['0-35', '35-55', '55+'] as const;
const AGE_SHARES = [0.6, 0.3, 0.1];
/** How probably the first taste of a learner is that of their education; else it is any. */
const EDUCATION_TASTE_SHARE = 0.6;
const ABILITY_PER_EDUCATION = 0.4;
const ABILITY_SPREAD = 0.8;

/** Learners by number, 0 first. The first one takes part in every round of their course from its first day to its last. */
export class Learners {
  private readonly seed: number;
  private readonly habitShares = HABITS.map(({ share }) => share);

  constructor(
    private readonly options: SchoolOptions,
    private readonly calendar: Calendar,
  ) {
    this.seed = options.seed;
  }

  idOf(learner: number): LearnerId {
    return learnerId(`learner-${learner + 1}`);
  }

  /** The number of a pseudonym; `null` when it is not one of this school. */
  numberOf(id: string): number | null {
    const number = /^learner-[1-9]\d*$/.test(id) ? Number(id.slice('learner-'.length)) : 0;
    return number >= 1 && number <= this.options.learners ? number - 1 : null;
  }

  /** The course of a slot; -1 when the learner takes only one. */
  courseOf(learner: number, slot: number): number {
    const { seed } = this;
    const { courses } = this.options;
    const first = Math.floor(traitOf(seed, TRAIT.course, learner) * courses);
    if (slot === 0) return first;
    if (courses === 1 || traitOf(seed, TRAIT.hasSecond, learner) >= SECOND_COURSE_SHARE) return -1;
    return (first + 1 + Math.floor(traitOf(seed, TRAIT.second, learner) * (courses - 1))) % courses;
  }

  /** When the learner enrols in a round of the slot's course; `Infinity` when not at all. Unit: ms since epoch (UTC), whole seconds. */
  enrolsMs(learner: number, slot: number, round: number): number {
    const course = this.courseOf(learner, slot);
    if (course < 0) return Infinity;
    const startMs = this.calendar.startOf(course, round);
    if (learner === 0 && slot === 0) return startMs - ENROLMENT_MS;
    const key = slot * ROUNDS_PER_SLOT + round;
    if (traitOf(this.seed, TRAIT.takesPart, learner, key) >= TAKES_PART_SHARE) return Infinity;
    const part = traitOf(this.seed, TRAIT.enrols, learner, key);
    const isEarly = traitOf(this.seed, TRAIT.isEarly, learner, key) < EARLY_SHARE;
    return startMs + wholeSeconds(isEarly ? -ENROLMENT_MS * (1 - part) : LATEST_PART * this.calendar.contentMs * part);
  }

  /** When that enrolment ends. @param enrolledMs - what {@link enrolsMs} gave */
  endsMs(learner: number, slot: number, round: number, enrolledMs: number): number {
    const startMs = this.calendar.startOf(this.courseOf(learner, slot), round);
    const lastMs = startMs + this.calendar.lengthMs - 1_000;
    const key = slot * ROUNDS_PER_SLOT + round;
    if ((learner === 0 && slot === 0) || traitOf(this.seed, TRAIT.ends, learner, key) >= ENDS_EARLY_SHARE) return lastMs;
    const leastMs = Math.max(enrolledMs, startMs) + LEAST_STAY_MS;
    return leastMs + wholeSeconds(traitOf(this.seed, TRAIT.endsWhen, learner, key) * Math.max(0, lastMs - leastMs));
  }

  /** Whether the learner is enrolled in the round at the instant. */
  isEnrolled(learner: number, slot: number, round: number, timeMs: number): boolean {
    const enrolledMs = this.enrolsMs(learner, slot, round);
    return enrolledMs <= timeMs && timeMs < this.endsMs(learner, slot, round, enrolledMs);
  }

  /** Those who enrol up to a week after the start make the first cohort of a presentation, later ones the second. */
  cohortOf({ course, startMs }: Presentation, enrolledMs: number): CohortId {
    return cohortId(`${course}-${enrolledMs < startMs + WEEK_MS ? 'a' : 'b'}`);
  }

  /** Number of the habit, see `HABITS`. */
  habitOf(learner: number): number {
    return stepOf(this.habitShares, traitOf(this.seed, TRAIT.habit, learner));
  }

  /** How much the learner does, 0.05 to 1: a few do much, most do little. */
  activityOf(learner: number): number {
    const part = traitOf(this.seed, TRAIT.activity, learner);
    return 0.05 + 0.95 * part * part;
  }

  /** Number of the education, see {@link EDUCATION}. */
  educationOf(learner: number): number {
    return stepOf(EDUCATION_SHARES, traitOf(this.seed, TRAIT.education, learner));
  }

  ageOf(learner: number): string {
    return AGES[stepOf(AGE_SHARES, traitOf(this.seed, TRAIT.age, learner))]!;
  }

  /** The first taste and the second one; they may be the same. */
  tastesOf(learner: number): readonly [number, number] {
    const any = (kind: number): number => Math.floor(traitOf(this.seed, kind, learner) * TASTES);
    const follows = traitOf(this.seed, TRAIT.followsEducation, learner) < EDUCATION_TASTE_SHARE;
    return [follows ? this.educationOf(learner) % TASTES : any(TRAIT.taste), any(TRAIT.otherTaste)];
  }

  /** Ability in a skill of a course before any practice. Unit: logits. */
  abilityOf(learner: number, course: number, skill: number): number {
    const spread = ABILITY_SPREAD * bellOf(this.seed, TRAIT.ability, learner, course * SKILLS.length + skill);
    return ABILITY_PER_EDUCATION * (this.educationOf(learner) - 1.5) + spread;
  }

  /** When the learner changes their mind on profiling; `Infinity` for most. Unit: ms since epoch (UTC). */
  consentChangesMs(learner: number): number {
    if (traitOf(this.seed, TRAIT.changesConsent, learner) >= CONSENT_CHANGE_SHARE) return Infinity;
    return this.calendar.schoolStartMs + wholeSeconds(traitOf(this.seed, TRAIT.consentChanges, learner) * CONSENT_CHANGE_MS);
  }

  consentsAt(learner: number, timeMs: number): boolean {
    return traitOf(this.seed, TRAIT.consents, learner) < CONSENT_SHARE !== timeMs >= this.consentChangesMs(learner);
  }

  /** Hours per week that the learner says to have when enrolling; `null` for those who say nothing. */
  hoursOf(learner: number, slot: number): number | null {
    if (traitOf(this.seed, TRAIT.saysHours, learner, slot) >= SAYS_HOURS_SHARE) return null;
    return 1 + Math.floor(traitOf(this.seed, TRAIT.hours, learner, slot) * 12);
  }

  /** When they say another number; `Infinity` for most. */
  hoursChangeMs(learner: number, slot: number, round: number, enrolledMs: number): number {
    const key = slot * ROUNDS_PER_SLOT + round;
    if (traitOf(this.seed, TRAIT.changesHours, learner, key) >= CHANGES_HOURS_SHARE) return Infinity;
    const stayMs = this.endsMs(learner, slot, round, enrolledMs) - enrolledMs;
    return enrolledMs + wholeSeconds(traitOf(this.seed, TRAIT.hoursChange, learner, key) * stayMs);
  }

  /** What they say then. */
  newHoursOf(learner: number, slot: number): number {
    return 1 + Math.floor(traitOf(this.seed, TRAIT.newHours, learner, slot) * 12);
  }
}

const wholeSeconds = (ms: number): number => Math.floor(ms / 1_000) * 1_000;
