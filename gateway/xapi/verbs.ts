/** What a verb makes of a statement. */
export type VerbMeaning = 'VIEW' | 'OPEN' | 'COMPLETE' | 'DWELL' | 'RESULT' | 'ENROLLED' | 'UNENROLLED';

const ADL = 'http://adlnet.gov/expapi/verbs/';
const CMI5 = 'https://w3id.org/xapi/adl/verbs/';
const TIN_CAN = 'http://id.tincanapi.com/verb/';
const STREAMS = 'http://activitystrea.ms/schema/1.0/';

/**
 * Verbs that mean something to a topology, by their IRIs. Statements with other verbs are left aside and counted.
 * @see https://registry.tincanapi.com/ and the ADL and cmi5 vocabularies
 */
export const VERBS: ReadonlyMap<string, VerbMeaning> = new Map<string, VerbMeaning>([
  [`${ADL}experienced`, 'VIEW'],
  [`${ADL}interacted`, 'VIEW'],
  [`${TIN_CAN}viewed`, 'VIEW'],
  [`${ADL}initialized`, 'OPEN'],
  [`${ADL}launched`, 'OPEN'],
  [`${ADL}attempted`, 'OPEN'],
  [`${STREAMS}open`, 'OPEN'],
  [`${STREAMS}start`, 'OPEN'],
  [`${ADL}completed`, 'COMPLETE'],
  [`${STREAMS}complete`, 'COMPLETE'],
  [`${ADL}terminated`, 'DWELL'],
  [`${ADL}suspended`, 'DWELL'],
  [`${ADL}exited`, 'DWELL'],
  [`${ADL}answered`, 'RESULT'],
  [`${ADL}passed`, 'RESULT'],
  [`${ADL}failed`, 'RESULT'],
  [`${ADL}scored`, 'RESULT'],
  [`${ADL}registered`, 'ENROLLED'],
  [`${STREAMS}join`, 'ENROLLED'],
  [`${CMI5}abandoned`, 'UNENROLLED'],
  [`${STREAMS}leave`, 'UNENROLLED'],
]);
