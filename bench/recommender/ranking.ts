/** What one decision takes: the learner's row is read and decoded, candidates are gathered, described, ranked and listed. */
import {
  DEFAULT_POLICY,
  decide,
  learnerState,
  type Decision,
  type DecisionLookups,
  type DecisionOptions,
  type LearnerState,
  type Models,
} from '../../operators/recommend/index.js';
import { StateCodec } from '../../runtime/engine/stateCodec.js';
import { errorCodeOf, learnerId } from '../../schemas/index.js';
import { progress, type Cell, type Table } from '../report.js';
import { AT_MS, busyCourse, learnerOf, lookups } from './busyCourse.js';
import { counted } from './countedModels.js';
import { retrieved } from './retrieved.js';
import { embeddedRows, redisRows, type RowPlace, type Rows } from './rowPlaces.js';
import type { TrainedCourse } from './trainedCourses.js';

const LEARNERS = 400;
/** The first ones let the compiler do its work, and are not counted. */
const WARM_UP = 400;
const DECISIONS = 2_000;

const codec = new StateCodec('learner/state', learnerState, []);
const nameOf = (number: number): string => `learner-${number % LEARNERS}`;

/** Times of a decision, ms, ascending. */
interface Times {
  readonly wall: Float64Array;
  /** Of all threads of this process. */
  readonly cpu: Float64Array;
}

/** Latency of decisions with a model, by where the state is. @param courses - that its retrieval covers */
export async function ranking(models: Models, courses: readonly TrainedCourse[]): Promise<Table> {
  const course = busyCourse(courses[0] ?? null);
  const rows = Array.from({ length: LEARNERS }, (_, number) => ({ key: nameOf(number), value: codec.encode(learnerOf(number, course)) }));
  const looked = lookups(course);
  const { version, retrieval } = models.at(AT_MS);
  const proposed = retrieved(
    retrieval,
    rows.flatMap(({ key, value }, n) => decided(key, codec.decode(value), n, looked, { ...optionsOf(models), loggedShare: 1 }).log ?? []),
  );
  const cells: Cell[][] = [];
  let candidates = 0;
  for (const open of [redisRows, embeddedRows]) {
    const place = await opened(open, rows);
    if (place === null) continue;
    progress(`ranking: state in ${place.name}`);
    const counting = counted(models);
    const { wall, cpu } = await timesOf(place, counting.models, looked).finally(() => place.close());
    candidates = counting.rows / counting.decisions;
    cells.push([place.name, ...[wall, cpu].flatMap((times) => [0.5, 0.99].map((part) => quantile(times, part).toFixed(1)))]);
  }
  const size = rows.reduce((sum, { value }) => sum + value.length, 0) / rows.length;
  return {
    title: `Ranking: ${DECISIONS} decisions by ${version}, ${candidates.toFixed(0)} candidates each (${proposed}), rows of ${Math.round(size)} bytes`,
    columns: ['state', 'p50, ms wall', 'p99, ms wall', 'p50, ms CPU', 'p99, ms CPU'],
    rows: cells,
  };
}

/** `null` where the machine has no such store, after telling why. */
async function opened(open: (rows: Rows) => Promise<RowPlace>, rows: Rows): Promise<RowPlace | null> {
  try {
    return await open(rows);
  } catch (error) {
    if (errorCodeOf(error) !== 'SFS_SERVICE_MISSING') throw error;
    progress(String(error));
    return null;
  }
}

const optionsOf = (models: Models): DecisionOptions => ({
  ...{ models, region: 'eu-west', topologyVersion: 2, validForMs: 0, loggedShare: 1 / 8 },
  policy: { ...DEFAULT_POLICY, explorationShare: 1 / 20 },
});

/** Each at a time of its own: what is drawn by its identity differs. */
const decided = (learner: string, state: LearnerState, n: number, rows: DecisionLookups, options: DecisionOptions): Decision =>
  decide({ learner: learnerId(learner), state, atMs: AT_MS + n }, rows, options);

async function timesOf(place: RowPlace, models: Models, rows: DecisionLookups): Promise<Times> {
  const options = optionsOf(models);
  const times = { wall: new Float64Array(DECISIONS), cpu: new Float64Array(DECISIONS) };
  for (let n = -WARM_UP; n < DECISIONS; n++) {
    const learner = nameOf(n + WARM_UP);
    const cpuBefore = process.cpuUsage();
    const wallBeforeMs = performance.now();
    const state = codec.decode((await place.get(learner))!);
    decided(learner, state, n, rows, options);
    const wallMs = performance.now() - wallBeforeMs;
    const { user, system } = process.cpuUsage(cpuBefore);
    if (n < 0) continue;
    times.wall[n] = wallMs;
    times.cpu[n] = (user + system) / 1e3;
  }
  return { wall: times.wall.sort(), cpu: times.cpu.sort() };
}

/** @param part - in [0, 1) */
const quantile = (ascending: Float64Array, part: number): number => ascending[Math.floor(part * ascending.length)]!;
