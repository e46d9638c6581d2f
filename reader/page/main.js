/** The page: a learner's recommendations as they change, the windows behind them, and the topologies that make them. */
import { part, setText } from './elements.js';
import { Lists } from './lists.js';
import { Picker } from './picker.js';
import { startPolling } from './polling.js';
import { askOverview, askRecommendations, askTrend, askWindows } from './server.js';
import { Topologies } from './topologies.js';
import { Windows } from './windows.js';
import { timeText } from './words.js';

/** @typedef {import('./lists.js').CourseLists} CourseLists */

const LEARNERS_MS = 5000;
const PARAMETER = 'learner';

const clock = part('clock');
const connection = part('connection');
const lists = new Lists();
const windows = new Windows();
const topologies = new Topologies();
const picker = new Picker(pick);

/** @type {string | null} */
let learner = null;
let nowMs = 0;
/** @type {string | undefined} */
let absent;
let learnersMs = -Infinity;

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
  setText(windows.facts, `Loading what is known of ${picked}.`);
  askNow();
}

/** Everything that the page shows, once. */
async function askAll() {
  const overview = await askOverview();
  ({ nowMs, absent } = overview);
  clock.setAttribute('datetime', new Date(nowMs).toISOString());
  setText(clock, `${timeText(nowMs)} UTC`);
  if (performance.now() - learnersMs >= LEARNERS_MS) await askForLearners();
  if (learner !== null) await askAbout(learner);
  await topologies.show(overview);
}

async function askForLearners() {
  await picker.refresh();
  learnersMs = performance.now();
  if (learner !== null) return;
  const first = learnerInAddress() ?? picker.learners[0];
  if (first === undefined) return;
  learner = first;
  picker.markPicked(first);
}

/** @param {string} asked */
async function askAbout(asked) {
  const known = await askWindows(asked);
  const active = known.context?.courses ?? [];
  const courses = await Promise.all(
    active.length === 0 ? [listsOf(asked, null, null)] : active.map(({ course, cohort }) => listsOf(asked, course, cohort)),
  );
  // Another one was picked meanwhile.
  if (asked !== learner) return;
  if (absent === undefined) windows.show(known, nowMs);
  else windows.leaveOut(asked, absent);
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
    askRecommendations(asked, 'next', course),
    askRecommendations(asked, 'new', course),
    cohort === null ? null : askTrend(cohort).then((answer) => answer.trend),
  ]);
  return { course, lists: { next, new: fresh }, trend };
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

const askNow = startPolling(askAll, tellConnection);
