/** The costs of the kind `school`, as the folder of a run gives them. */
import type { LocalStorage } from '../../runtime/ports.js';
import { readHeader } from '../../runtime/engine/header.js';
import { deployedTopologies, tasksOf } from '../commands/deployed.js';
import type { CostName } from './costs.js';
import { folderSizes, recordsOf, type Sizes } from './folderSizes.js';

const EVENTS = ['clicks', 'quiz-results', 'lms-events'];
const DERIVED = ['learner-activity', 'learner-features', 'learner-mastery', 'learner-contexts'];
/** Between the parts of a topology. Those of the curricula are few, and grow with the catalogue. */
const INTERNAL = /^(?!curricula).*\.v\d+\./;
/** Grow with courses, whatever the learners. */
const OF_COURSES = [
  'cohort-trends/trend/panes',
  'cohort-trends/past/state',
  'curricula/curriculum/state',
  'item-trends/trend/panes',
  'quiz-mastery/asked/state',
  'recommendations/withdrawn/rights',
  'segment-lists/week/panes',
];
/** Every task of the subtopology has all of their rows. */
const GLOBAL = [
  'learner-contexts/curricula/versions',
  'recommendations/cohort-trends/versions',
  'recommendations/curricula/versions',
  'recommendations/segment-recommendations/versions',
];
/** A row has a part for each item that the learner has used. */
const OF_ITEMS = ['cohort-trends/used-so-far/state', 'recommendations/learner/state'];
const TIMERS_OF_LEARNERS = ['learner-contexts', 'learner-engagement', 'quiz-mastery', 'recommendations'];
const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;

/** The school that lies in a folder. */
export interface RunSchool {
  readonly region: string;
  readonly learners: number;
  readonly days: number;
  readonly courses: number;
}

/** Reckons them. @param storage - a folder in which all topologies have come to the end of what there is */
export function schoolCosts(storage: LocalStorage, school: RunSchool) {
  const { topics, stores, timers } = folderSizes(storage, school.region);
  const { learners, days, courses } = school;
  const clicks = topics['clicks']!.count;
  const decisions = topics['recommendations']!;
  const globalRows = sizesOf(stores, (name) => GLOBAL.includes(name));
  const tasks = stores[GLOBAL[0]!]!.count / courses;
  const ofLearners = sizesOf(stores, (name) => ![...OF_COURSES, ...GLOBAL].includes(name));
  const ofItems = sizesOf(stores, (name) => OF_ITEMS.includes(name));
  return {
    recordsPerEvent: recordsTaken(storage) / clicks,
    decisionsPerLearnerDay: decisions.count / (learners * days),
    closingDecisionsPerLearner: closingDecisions(storage, school.region) / (learners * days),
    eventBytes: sizesOf(topics, (name) => EVENTS.includes(name)).bytes / clicks,
    derivedBytes: sizesOf(topics, (name) => DERIVED.includes(name)).bytes / clicks,
    internalBytes: sizesOf(topics, (name) => INTERNAL.test(name)).bytes / clicks,
    featureLogBytes: topics['feature-log']!.bytes / decisions.count,
    recommendationBytes: decisions.bytes / decisions.count,
    rowsPerLearner: ofLearners.count / learners,
    rowBytesPerLearner: (ofLearners.bytes - ofItems.bytes) / learners,
    timersPerLearner: sizesOf(timers, (name) => TIMERS_OF_LEARNERS.includes(name)).count / learners,
    globalBytesPerCourse: globalRows.bytes / (courses * tasks),
  } satisfies Partial<Record<CostName, number>>;
}

function sizesOf(all: Readonly<Record<string, Sizes>>, isMeant: (name: string) => boolean): Sizes {
  const meant = Object.entries(all).flatMap(([name, sizes]) => (isMeant(name) ? [sizes] : []));
  return { count: sum(meant.map(({ count }) => count)), bytes: sum(meant.map(({ bytes }) => bytes)) };
}

const recordsTaken = (storage: LocalStorage): number =>
  sum(deployedTopologies(storage).flatMap((deployed) => tasksOf(storage, deployed).map(({ progress }) => progress?.counters.records ?? 0)));

/** Decisions of the last hour of a day, by event time: that is when windows of a day close. */
function closingDecisions(storage: LocalStorage, region: string): number {
  let found = 0;
  for (const { header } of recordsOf(storage, `${region}.recommendations`)) {
    const { eventTimeMs } = readHeader(header)!;
    if (Math.floor(eventTimeMs / HOUR_MS) % DAY_HOURS === DAY_HOURS - 1) found += 1;
  }
  return found;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
