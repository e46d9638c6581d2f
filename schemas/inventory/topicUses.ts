import type { TopicName } from '../topics.js';
import type { ActivityName } from './activities.js';

/** What each topic of the catalogue is for; what is in it stands in its schema, how long it stays in its declaration. */
export const topicUses: Readonly<Record<TopicName, readonly ActivityName[]>> = {
  clicks: ['course-statistics', 'personal-recommendations', 'model-training', 'experiments'],
  quizResults: ['personal-recommendations', 'experiments'],
  lmsEvents: ['course-recommendations'],
  catalogue: ['course-recommendations'],
  profiles: ['rights', 'course-recommendations', 'personal-recommendations', 'model-training'],
  learnerFeatures: ['personal-recommendations'],
  learnerActivity: ['course-statistics', 'personal-recommendations', 'model-training'],
  learnerContexts: ['course-recommendations', 'personal-recommendations'],
  learnerMastery: ['personal-recommendations'],
  curricula: ['course-recommendations'],
  cohortTrends: ['course-statistics', 'course-recommendations'],
  segmentRecommendations: ['course-statistics', 'personal-recommendations'],
  batchFeatures: ['course-statistics', 'personal-recommendations'],
  itemTrends: ['course-statistics'],
  itemActivity: ['course-statistics'],
  recommendations: ['course-recommendations', 'personal-recommendations'],
  featureLog: ['decision-record', 'model-training', 'experiments'],
  experimentExposures: ['experiments'],
  control: ['operation', 'oversight'],
  measures: ['oversight'],
  overrides: ['oversight'],
  deadLetters: ['operation'],
  lateEvents: ['operation'],
  exposures: ['experiments', 'model-training'],
  feedback: ['experiments', 'model-training'],
  rightsRequests: ['rights'],
  rightsOutcomes: ['rights'],
};

/** What the state and the internal topics of each topology of this project are for. They are made of what the topology reads. */
export const topologyUses: Readonly<Record<string, readonly ActivityName[]>> = {
  'cohort-trends': ['course-statistics'],
  curricula: ['course-recommendations'],
  'item-trends': ['course-statistics'],
  'learner-activity': ['course-statistics', 'personal-recommendations'],
  'learner-contexts': ['course-recommendations', 'personal-recommendations'],
  'learner-engagement': ['personal-recommendations'],
  'quiz-mastery': ['personal-recommendations'],
  recommendations: ['course-recommendations', 'personal-recommendations', 'experiments'],
  'segment-lists': ['course-statistics', 'personal-recommendations'],
};
