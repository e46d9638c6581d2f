/** The daily loop in a real Airflow: it reads the DAG, and runs a small day of it. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openRegistry } from '../../../runtime/models/registry/index.js';
import { withFolder } from '../../../scripts/commands/folder.js';
import { liveSchool, runToTheEnd } from '../../../scripts/ml/demoSchool.js';
import { isInstalled, pythonFolder, pythonOf, pythonVariables } from '../../../scripts/ml/python.js';
import { DEFAULT_SCHOOL, type SchoolOptions } from '../../../scripts/school/index.js';
import { recommendationsTopology } from '../../../topologies/recommendations.js';
import { skipUnlessLong } from '../../fixtures/longForms.js';
import { skipWithoutPython } from '../../fixtures/pythonPackages.js';
import { SERVER_START_MS, ownServices, sharedProgram } from '../../integration/servers.js';

const SLOW_MS = 300_000;
const DAY_LIMIT_MS = 3_600_000;
/** Decisions of the 17th judge, of learners who are enough for a verdict. */
const SCHOOL: Partial<SchoolOptions> = { seed: 5, learners: 120, courses: 2, days: 24, eventsPerDay: 1_000 };
const END_OF_DAY = '2025-09-25';
const program = await sharedProgram();
const home = newFolder();
const [loop, data] = [join(home, 'loop'), join(home, 'data')];

/** An Airflow of its own: a folder, a database in it, and nothing but this DAG. */
const variables = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...pythonVariables(),
  AIRFLOW_HOME: home,
  AIRFLOW__CORE__DAGS_FOLDER: join(pythonFolder, 'airflow', 'dags'),
  AIRFLOW__CORE__PLUGINS_FOLDER: join(pythonFolder, 'airflow', 'plugins'),
  AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
  SKILLFORGE_COMMAND: `${process.execPath} ${program}`,
  SKILLFORGE_LOOP: loop,
  SKILLFORGE_DATA: data,
  ...more,
});

/** One process for all questions: Airflow loads for seconds. The operator ends commands of the real program with an exception, or with the document. */
const PROGRAM = `
import json
from airflow.dag_processing.dagbag import DagBag
bag = DagBag()
dag = bag.dags.get("skillforge_daily")

from skillforge_airflow import SkillForgeOperator
ends = []
for arguments in [["topology", "list", "--until="], ["topology", "list", "--butter"], ["topics", "list"]]:
    try:
        ends.append(SkillForgeOperator(task_id="one", arguments=arguments).execute({})[0]["name"])
    except Exception as error:
        ends.append(type(error).__name__)

print(json.dumps({
    "errors": bag.import_errors,
    "hasDeadline": bool(dag and dag.deadline),
    "ends": ends,
    "tasks": {} if dag is None else {task.task_id: {
        "after": sorted(task.upstream_task_ids),
        "retries": task.retries,
        "seconds": task.execution_timeout.total_seconds(),
        "isTeardown": task.is_teardown,
    } for task in dag.tasks},
}))
`;
import { newFolder } from '../../fixtures/folders.js';

interface Task {
  readonly after: readonly string[];
  readonly retries: number;
  readonly seconds: number;
  readonly isTeardown: boolean;
}

interface Answer {
  readonly errors: object;
  readonly hasDeadline: boolean;
  readonly ends: readonly unknown[];
  readonly tasks: Readonly<Record<string, Task>>;
}

function answered(): Answer {
  const { status, stdout, stderr } = spawnSync(pythonOf('airflow'), ['-c', PROGRAM], { cwd: home, env: variables(), encoding: 'utf8' });
  expect(status, stdout + stderr).toBe(0);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Answer;
}

describe('the daily loop in Airflow', { timeout: SLOW_MS }, () => {
  let answer: Answer;
  beforeAll(() => {
    if (isInstalled('airflow')) answer = answered();
  }, SLOW_MS);
  beforeEach((context) => skipWithoutPython(context, 'airflow'));

  it('is read without an error, and every task has its retries and its time', () => {
    const { errors, tasks, hasDeadline } = answer;
    expect(errors).toEqual({});
    expect(hasDeadline).toBe(true);
    expect(Object.fromEntries(Object.entries(tasks).map(([name, { after }]) => [name, after]))).toEqual({
      archive: [],
      batch: ['archive'],
      publish: ['batch'],
      materialise: ['batch'],
      export: [],
      validate: ['export', 'materialise'],
      train: ['validate'],
      gate: ['train'],
      stage: ['gate'],
      promote: ['stage'],
      report: ['promote'],
    });
    for (const [name, { retries, seconds, isTeardown }] of Object.entries(tasks)) {
      expect([name, retries > 0, seconds > 0, isTeardown]).toEqual([name, true, true, name === 'report']);
    }
  });

  it('tries again what may work later, and nothing else', () => {
    // An option without value is left out; a wrong command line is final; a folder that is not there may be there tomorrow.
    expect(answer.ends).toEqual(['cohort-trends', 'AirflowFailException', 'AirflowException']);
  });
});

describe('a small day in Airflow', { timeout: DAY_LIMIT_MS + SERVER_START_MS }, () => {
  const airflow = (args: readonly string[], more: NodeJS.ProcessEnv): string => {
    const options = { cwd: home, env: variables(more), encoding: 'utf8', maxBuffer: 100_000_000 } as const;
    const { status, stdout, stderr } = spawnSync(pythonOf('airflow'), ['-m', 'airflow', ...args], options);
    expect(status, stdout + stderr).toBe(0);
    return stdout + stderr;
  };

  it('is done from the archive to the verdict, and again with the same model', async (context) => {
    skipUnlessLong(context, 'OPERATIONS');
    skipWithoutPython(context, 'airflow', 'operations', 'batch');
    const { redis } = await ownServices({ redis: 'single' }, context);
    await liveSchool(data, SCHOOL, { models: null });
    await withFolder(data, (storage) => runToTheEnd(storage, [recommendationsTopology({ loggedShare: 1 })], DEFAULT_SCHOOL.region, { models: null }));
    airflow(['db', 'migrate'], {});
    // Airflow 3.3 ends `dags test` of a day with a deadline in an error, when all has been done (apache/airflow#73428).
    const more = { SKILLFORGE_FEATURE_STORE: redis!.url, SKILLFORGE_DEADLINE_HOURS: '0' };
    for (const _ of ['first', 'again']) airflow(['dags', 'test', 'skillforge_daily', END_OF_DAY], more);
    const registry = openRegistry(join(data, 'registry'));
    const versions = await registry.versions();
    expect(versions).toHaveLength(1);
    expect(versions[0]!.tags['gate.status']).toBe('passed');
    expect(await registry.at('production')).toMatchObject({ number: '1' });
    for (const path of ['archive', 'features', 'exports/2025-09-24/export.json', 'runs/2025-09-24/model-card.md', 'drift/2025-09-24/summary.json'])
      expect(existsSync(join(loop, path)), path).toBe(true);
  });
});
