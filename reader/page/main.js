/** The page: a learner's recommendations as they change and what is behind them; the topologies that make them, replays, models and dead letters. */
import { Allowed } from './allowed.js';
import { Decisions } from './decisions.js';
import { part, setText } from './elements.js';
import { Letters } from './letters.js';
import { Lists } from './lists.js';
import { Models } from './models.js';
import { Picker } from './picker.js';
import { startPolling } from './polling.js';
import { Replays } from './replays.js';
import * as server from './server.js';
import { Topologies } from './topologies.js';
import { Windows } from './windows.js';
import { timeText } from './words.js';

/** @typedef {import('./lists.js').CourseLists} CourseLists */

/** What changes seldom is asked for less often. */
const SELDOM_MS = 5000;
const PARAMETER = 'learner';

const clock = part('clock');
const connection = part('connection');
const allowed = new Allowed();
const lists = new Lists();
const windows = new Windows();
const decisions = new Decisions();
const topologies = new Topologies();
const replays = new Replays();
const models = new Models();
const letters = new Letters();
const picker = new Picker(pick);

/** @type {string | null} */
let learner = null;
let nowMs = 0;
let seldomMs = -Infinity;

/** The learner stands in the address, so that it can be shared and survives a reload. */
function learnerInAddress() {
  return new URLSearchParams(location.search).get(PARAMETER);
}

/** @param {string} picked */
function pick(picked) {
  if (picked === learner) return;
  const address = new URL(location.href);
  address.searchParams.set(PARAMETER, picked);
  history.pushState(null, '', address);
  show(picked);
}

/** @param {string} picked */
function show(picked) {
  learner = picked;
  picker.markPicked(picked);
  lists.clear();
  windows.clear();
  decisions.clear();
  seldomMs = -Infinity;
  setText(windows.facts, `Loading what is known of ${picked}.`);
  askNow();
}

/** Everything that the page shows, once. */
async function askAll() {
  if (!allowed.isKnown) allowed.show(await server.askAccess());
  const overview = await server.askOverview();
  ({ nowMs } = overview);
  clock.setAttribute('datetime', new Date(nowMs).toISOString());
  setText(clock, `${timeText(nowMs)} UTC`);
  const isTime = performance.now() - seldomMs >= SELDOM_MS;
  if (isTime) seldomMs = performance.now();
  if (allowed.has('learners')) {
    if (isTime) await askForLearners();
    if (learner !== null) await askAbout(learner);
    if (isTime && learner !== null) await askDecisionsOf(learner);
  }
  await topologies.show(overview);
  if (isTime) await askOperation();
}

/** What is not about learners, beside the topologies. */
async function askOperation() {
  await Promise.all([
    askPart('replays', server.askReplays, (answer) => replays.show(answer)),
    askPart('models', server.askModels, (answer) => models.show(answer)),
    askPart('dead-letters', server.askDeadLetters, (answer) => letters.show(answer, allowed.has('learners'))),
  ]);
}

/**
 * A part that cannot be told now does not hold up the others; perhaps it may not be shown any more.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} ask
 * @param {(answer: T) => void} show
 */
async function askPart(name, ask, show) {
  if (!allowed.has(name)) return;
  const answer = await ask().catch(() => null);
  if (answer !== null) return show(answer);
  setText(part(`${name}-note`), 'Not known now: the servers that know do not answer. What is here is as it was.');
  allowed.forget();
}

async function askForLearners() {
  await picker.refresh();
  if (learner !== null) return;
  const first = learnerInAddress() ?? picker.learners[0];
  if (first === undefined) return;
  learner = first;
  picker.markPicked(first);
}

/** @param {string} asked */
async function askDecisionsOf(asked) {
  if (!allowed.has('decisions')) return;
  const answer = await server.askDecisions(asked);
  if (asked === learner) decisions.show(answer);
}

/** @param {string} asked */
async function askAbout(asked) {
  const known = await server.askWindows(asked);
  const active = known.context?.courses ?? [];
  const courses = !allowed.has('recommendations')
    ? []
    : await Promise.all(active.length === 0 ? [listsOf(asked, null, null)] : active.map(({ course, cohort }) => listsOf(asked, course, cohort)));
  // Another one was picked meanwhile.
  if (asked !== learner) return;
  if (known.absent === undefined) windows.show(known, nowMs);
  else windows.leaveOut(asked, known.absent);
  lists.show(courses, nowMs);
}

/**
 * @param {string} asked
 * @param {string | null} course
 * @param {string | null} cohort
 * @returns {Promise<CourseLists>}
 */
async function listsOf(asked, course, cohort) {
  const [next, fresh, trend] = await Promise.all([
    server.askRecommendations(asked, 'next', course),
    server.askRecommendations(asked, 'new', course),
    cohort === null ? { trend: null } : server.askTrend(cohort),
  ]);
  return { course, lists: { next, new: fresh }, trend: trend.trend, ...('absent' in trend && { absent: trend.absent }) };
}

/** @param {boolean} works */
function tellConnection(works) {
  connection.dataset['state'] = works ? 'live' : 'lost';
  setText(connection, works ? 'Live' : 'No answer from the server: trying again');
}

window.addEventListener('popstate', () => {
  const picked = learnerInAddress();
  if (picked !== null && picked !== learner) show(picked);
});

const askNow = startPolling(
  () =>
    askAll().catch((error) => {
      // What may be shown may have changed, and what was shown may be old.
      allowed.forget();
      seldomMs = -Infinity;
      throw error;
    }),
  tellConnection,
);
