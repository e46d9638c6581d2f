/**
 * A day on which learners do something else trips both watches, that of the stream and the report; a day like those before trips neither. The school, the
 * topologies, the training, the metrics and Evidently are real.
 */
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Topology } from '../../../operators/index.js';
import { localTools } from '../../../runtime/localTools.js';
import { openModels } from '../../../runtime/models/index.js';
import { PromMetrics, RunMonitor, serveMetrics } from '../../../runtime/observability/index.js';
import type { DriftSummary } from '../../../scripts/commands/driftReport.js';
import { readingFolder, withFolder } from '../../../scripts/commands/folder.js';
import { topicOutput, writeSchool } from '../../../scripts/commands/schoolOutput.js';
import { runTopologies } from '../../../scripts/commands/topologyRun.js';
import { isInstalled, runTrainer } from '../../../scripts/ml/python.js';
import { DAY_MS, School, shifted, type SchoolOptions } from '../../../scripts/school/index.js';
import { loadOwnTopology } from '../../../scripts/topologyFiles.js';
import { exportTraining } from '../../../scripts/training/trainingExport.js';
import { recommendationsTopology } from '../../../topologies/recommendations.js';
import { isLong, skipUnlessLong } from '../../fixtures/longForms.js';
import { skipWithoutPython } from '../../fixtures/pythonPackages.js';
import { familiesOf, valueOf, type Family } from '../../runtime/observability/exposition.js';
import { runCli } from './cliProcess.js';
import { newFolder } from '../../fixtures/folders.js';

const SLOW_MS = 900_000;
const SCHOOL: Partial<SchoolOptions> = { seed: 11, learners: 160, courses: 2, items: 40, eventsPerDay: 900 };
const { region, startMs } = new School(SCHOOL).options;
const TRAINED_DAYS = 14;
/** Learners are others from this day on; the next one is judged: it sees the whole of the first one. */
const SHIFTED_DAY = TRAINED_DAYS;
const JUDGED_DAY = TRAINED_DAYS + 1;
/** The day after closes it. */
const DAYS = JUDGED_DAY + 2;
const dayMs = (day: number): number => startMs + day * DAY_MS;
const UPSTREAM = [
  ['cohort-trends', 'curricula', 'item-trends', 'learner-activity', 'learner-engagement', 'quiz-mastery'],
  ['learner-contexts', 'segment-lists'],
] as const;

const folder = newFolder();
const data = (kind: Kind): string => join(folder, kind);
const bundle = join(folder, 'models', 'ranked');
type Kind = 'steady' | 'shifted';

/** The school up to a day, through all topologies but the recommendations. */
async function live(kind: Kind, days: number): Promise<void> {
  const school = new School({ ...SCHOOL, days });
  const steps = kind === 'steady' ? school : shifted(school, dayMs(SHIFTED_DAY));
  await withFolder(data(kind), async (storage) => {
    await writeSchool(steps, topicOutput(storage, school.options), () => undefined);
    for (const names of UPSTREAM) await runTopologies(storage, await Promise.all(names.map(loadOwnTopology)), { region, mode: 'until-end' });
  });
}

/** All decisions are logged: a small school has few of them. */
const recommendations = (): Topology => recommendationsTopology({ loggedShare: 1, explorationShare: 0 });
const exported = (kind: Kind, out: string, untilMs?: number): Promise<unknown> =>
  readingFolder(data(kind), (storage) => exportTraining(localTools(storage), { region, out, untilMs }));

/** A model that has seen the first two weeks. */
async function train(): Promise<void> {
  const [training, retrieval] = [join(folder, 'training'), join(folder, 'retrieval')];
  await withFolder(data('steady'), (storage) => runTopologies(storage, [recommendations()], { region, mode: 'until-end' }));
  await exported('steady', training, dayMs(TRAINED_DAYS));
  const common = ['--export', training, '--until', String(dayMs(TRAINED_DAYS))];
  await runTrainer(['retrieval', ...common, '--parts', 'segments', '--out', retrieval]);
  await runTrainer(['ranker', ...common, '--retrieval', retrieval, '--trees', '20', '--out', bundle]);
}

/** The school goes on with the model; gives what Prometheus reads at the end. */
async function goOn(kind: Kind): Promise<Map<string, Family>> {
  await live(kind, DAYS);
  const metrics = new PromMetrics();
  const monitor = new RunMonitor(metrics);
  const server = await serveMetrics(metrics, { host: '127.0.0.1', port: 0 });
  await using models = await openModels(bundle, { region });
  try {
    await withFolder(data(kind), (storage) => runTopologies(storage, [recommendations()], { region, mode: 'until-end', models, monitor }));
    return familiesOf(await (await fetch(server.url)).text());
  } finally {
    await server.close();
  }
}

const above = (families: ReadonlyMap<string, Family>): string =>
  families
    .get('skillforge_feature_psi')!
    .samples.filter(({ value }) => value > 0.25)
    .map(({ labels, value }) => `${labels['feature']!} ${value.toFixed(2)}`)
    .join();

describe('a day of the school', () => {
  const metricsOf = new Map<Kind, ReadonlyMap<string, Family>>();

  beforeAll(async () => {
    if (!isLong('OPERATIONS') || !isInstalled('trainer')) return;
    await live('steady', TRAINED_DAYS);
    await train();
    cpSync(data('steady'), data('shifted'), { recursive: true });
    for (const kind of ['steady', 'shifted'] as const) metricsOf.set(kind, await goOn(kind));
  }, SLOW_MS);

  it('like those before leaves the gauges of a run low, one unlike them trips them', (context) => {
    skipUnlessLong(context, 'OPERATIONS');
    skipWithoutPython(context, 'trainer');
    const [steady, other] = [metricsOf.get('steady')!, metricsOf.get('shifted')!];
    for (const families of [steady, other]) expect(valueOf(families, 'skillforge_drift_window_timestamp_seconds')).toBe(dayMs(JUDGED_DAY) / 1000);
    expect(valueOf(steady, 'skillforge_drift_detected'), above(steady)).toBe(0);
    expect(valueOf(other, 'skillforge_drift_detected'), above(other)).toBe(1);
    const version = (JSON.parse(readFileSync(join(bundle, 'manifest.json'), 'utf8')) as { version: string }).version;
    expect(valueOf(steady, 'skillforge_model_info', { model: `ranker@${version}` })).toBe(1);
    const lists = steady.get('skillforge_score_psi')!.samples.map(({ labels }) => labels['list']);
    expect(lists.sort()).toEqual(['new', 'next']);
    expect(valueOf(steady, 'skillforge_score_psi', { list: 'next' })).toBeLessThan(0.5);
  });

  it('like those before leaves the report steady, one unlike them trips it', { timeout: SLOW_MS }, async (context) => {
    skipUnlessLong(context, 'OPERATIONS');
    skipWithoutPython(context, 'trainer', 'operations');
    const reportOf = async (kind: Kind): Promise<{ readonly code: number | null; readonly summary: DriftSummary; readonly out: string }> => {
      const [current, out] = [join(folder, `${kind}-export`), join(folder, `${kind}-drift`)];
      await exported(kind, current);
      const period = ['--from', String(dayMs(JUDGED_DAY)), '--until', String(dayMs(JUDGED_DAY + 1))];
      const { code } = await runCli(['drift', 'report', '--reference', bundle, '--current', current, ...period, '--out', out, '--fail-on-drift']);
      return { code, out, summary: JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')) as DriftSummary };
    };
    const [steady, other] = [await reportOf('steady'), await reportOf('shifted')];
    const told = JSON.stringify([steady, other].map(({ summary }) => summary.tables['features']));
    expect([steady.summary.status, other.summary.status], told).toEqual(['steady', 'drifted']);
    expect([steady.code, other.code]).toEqual([0, 1]);
    expect(Object.keys(other.summary.tables)).toEqual(['features', 'scores', 'uses', 'feedback']);
    for (const table of Object.keys(other.summary.tables))
      for (const ending of ['html', 'json']) expect(existsSync(join(other.out, `${table}.${ending}`)), `${table}.${ending}`).toBe(true);
  });
});
