import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describe as graphOf, type TopologyGraph } from '../../operators/graph.js';
import { days, hours, joinTable, minutes, reduce, schema, to, topology, type Topology, type ValueSchema } from '../../operators/index.js';
import type { TopicSpec } from '../../runtime/ports.js';
import { assertPlanAccepted, planTopology, type Plan } from '../../scripts/topology/plan.js';
import { topic, type LearnerId } from '../../schemas/index.js';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { planAsText } from '../../scripts/topology/planText.js';
import { rowProblems } from '../../scripts/topology/stateChanges.js';
import { averages, gradesOf, narrow, wide, type Grade } from '../operators/graphSamples.js';

const plan = (next: Topology, deployed: Topology | null = null, topics: readonly TopicSpec[] = []): Plan =>
  planTopology(graphOf(next), { region: 'eu-west', deployed: deployed && viaJson(graphOf(deployed)), topics });
/** As a deployment keeps it. */
const viaJson = (graph: TopologyGraph): TopologyGraph => JSON.parse(JSON.stringify(graph)) as TopologyGraph;

/** Keeps a state of a shape of its own. */
const keeping = (state: ValueSchema<Grade>, version = 1, retentionMs: number | null = null): Topology =>
  topology('keeping', { version }, ({ source }) => {
    source(gradesOf(12, retentionMs === null ? {} : { retentionMs }), { eventTimeMs: (grade) => grade.atMs }).pipe(
      reduce('best', { state, initial: null as never, reduce: (_, grade) => grade }),
      to(averages),
    );
  });
const shape = (more: Record<string, ValueSchema<unknown>> = {}): ValueSchema<Grade> =>
  schema.record({ learner: schema.string, grade: schema.double, ...more }) as never;

describe('a plan', () => {
  it('of a topology that is not deployed is new, with the topics that it will create', () => {
    const made = plan(narrow());
    expect(made).toMatchObject({
      topology: 'narrow',
      version: 1,
      deployedVersion: null,
      verdict: 'new',
      changes: [],
      tasks: 12,
      problems: [],
      warnings: [],
    });
    expect(made.topics.map((one) => [one.action, one.spec])).toEqual([
      ['create', { name: 'eu-west.averages', partitions: 12, cleanup: 'delete', retentionMs: null }],
      ['create', { name: 'eu-west.grades', partitions: 12, cleanup: 'delete', retentionMs: null }],
    ]);
    expect(made.stores).toMatchObject([{ store: 'mean/panes', state: 'new' }]);
  });

  it('of what is deployed already is unchanged', () => {
    expect(plan(wide(), wide())).toMatchObject({ verdict: 'unchanged', changes: [], problems: [] });
  });

  it('is refused when an operator changed under an unchanged version, with the parameter, both values and the remedy', () => {
    const made = plan(narrow(12, days(2)), narrow(12, days(1)));
    expect(made.verdict).toBe('refused');
    expect(made.changes).toEqual([
      { stage: 'mean', change: 'changed', differences: [{ parameter: 'aggregates.grade.halfLifeMs', from: days(1), to: days(2) }] },
    ]);
    expect(made.problems).toEqual([
      {
        code: 'SFS_PLAN_REFUSED',
        message:
          'stage "mean": aggregates.grade.halfLifeMs was 1 d, now 2 d, but the version of narrow is still 1; raise it to 2, or undo the change',
      },
    ]);
    expect(() => {
      assertPlanAccepted(made);
    }).toThrow(expect.objectContaining({ code: 'SFS_PLAN_REFUSED' }) as Error);
  });

  it('is refused for stages added or removed, for other partitions, and for a lower version', () => {
    const empty = { ...graphOf(narrow()), stages: graphOf(narrow()).stages.slice(0, 1) };
    const target = { region: 'eu-west', topics: [] };
    expect(planTopology(graphOf(narrow()), { ...target, deployed: empty }).problems.map((one) => one.message.slice(0, 27))).toEqual([
      'stage "mean" was added, but',
      'stage "to-averages" was add',
    ]);
    expect(planTopology(empty, { ...target, deployed: graphOf(narrow()) }).changes.map((one) => [one.stage, one.change])).toEqual([
      ['mean', 'removed'],
      ['to-averages', 'removed'],
    ]);
    expect(plan(narrow(6), narrow(12)).problems[0]!.message).toContain('stage "grades": partitions was 12, now 6');
    expect(plan(narrow(), narrow(12, days(1), 2)).problems[0]!.message).toContain('version 1 of narrow is older than the deployed 2');
  });

  it('takes changes under a raised version, and says when it sees none', () => {
    const made = plan(wide(2, hours(1)), wide(1));
    expect(made).toMatchObject({ verdict: 'version-raised', deployedVersion: 1, problems: [], warnings: [] });
    expect(made.changes.map((one) => one.stage)).toEqual(['per-day']);
    expect(() => {
      assertPlanAccepted(made);
    }).not.toThrow();
    expect(plan(wide(2), wide(1)).warnings).toEqual([expect.stringContaining('only functions, which plan cannot compare, may differ')]);
  });
});

describe('the state of a plan', () => {
  const stateOf = (next: ValueSchema<Grade>, deployed: ValueSchema<Grade>): unknown =>
    plan(keeping(next, 2), keeping(deployed)).stores.map((one) => ({ state: one.state, problems: one.problems }));

  it('is readable where Avro resolution gets from the one schema to the other', () => {
    expect(stateOf(shape({ comment: schema.nullable(schema.string) }), shape())).toEqual([{ state: 'readable', problems: [] }]);
    expect(stateOf(shape(), shape({ comment: schema.string }))).toEqual([{ state: 'readable', problems: [] }]);
    expect(stateOf(shape(), shape())).toEqual([{ state: 'same', problems: [] }]);
  });

  it('is unreadable where it does not, with the field', () => {
    expect(stateOf(shape({ comment: schema.string }), shape())).toMatchObject([{ state: 'unreadable', problems: [{ path: 'comment' }] }]);
    expect(stateOf(shape({ atMs: schema.long }), shape({ atMs: schema.string }))).toMatchObject([
      { state: 'unreadable', problems: [{ path: 'atMs', message: 'type changed: string cannot be read as long' }] },
    ]);
  });

  it('may change its schema under an unchanged version where it is readable, and not where it is not', () => {
    expect(plan(keeping(shape({ comment: schema.nullable(schema.string) })), keeping(shape()))).toMatchObject({ verdict: 'unchanged', problems: [] });
    expect(plan(keeping(shape({ comment: schema.string })), keeping(shape())).verdict).toBe('refused');
  });

  it('may be readable and mean something else', () => {
    const [panes] = plan(narrow(12, days(2), 2), narrow(12, days(1))).stores;
    expect(panes).toMatchObject({ state: 'same', stageChanged: true });
  });

  it('is compared for rows of any shape', () => {
    const named = { type: 'record', name: 'A', fields: [{ name: 'a', type: 'long' }] } as const;
    expect(rowProblems('double', 'long')).toEqual([]);
    expect(rowProblems('long', 'double')).toHaveLength(1);
    expect(rowProblems({ type: 'array', items: named }, { type: 'array', items: named })).toEqual([]);
    expect(
      rowProblems(shape({ one: schema.avro(named), two: schema.avro(named) }).avro, shape({ one: schema.avro(named), two: schema.avro(named) }).avro),
    ).toEqual([]);
  });
});

describe('the topics of a plan', () => {
  it('are kept where they agree, and a mismatch is a problem', () => {
    const averagesSpec: TopicSpec = { name: 'eu-west.averages', partitions: 12, cleanup: 'delete', retentionMs: null };
    const made = plan(narrow(), null, [
      averagesSpec,
      { ...averagesSpec, name: 'eu-west.grades', partitions: 6, retentionMs: 1000 },
      { ...averagesSpec, name: 'us.grades' },
    ]);
    expect(made.topics.map((one) => one.action)).toEqual(['keep', 'mismatch']);
    expect(made.verdict).toBe('refused');
    expect(made.problems).toEqual([
      {
        code: 'SFS_TOPIC_MISMATCH',
        message:
          'topic eu-west.grades exists with other settings: partitions is 6, needed 12; retentionMs is 1 s, needed for ever; change the topic, or its declaration',
      },
    ]);
  });
});

describe('the retention of a plan', () => {
  it('follows from the longest chain of windows, across internal topics', () => {
    expect(plan(wide()).retention).toEqual([
      { topic: 'clicks', neededMs: days(1) + hours(1), keptMs: days(400), endless: ['best'] },
      { topic: 'profiles', neededMs: days(1), keptMs: null, endless: ['best'] },
      { topic: 'catalogue', neededMs: days(1), keptMs: null, endless: ['best'] },
    ]);
    expect(plan(narrow()).retention).toMatchObject([{ topic: 'grades', neededMs: minutes(5), endless: [] }]);
  });

  it('warns where a topic keeps less', () => {
    const short = { ...graphOf(narrow()), topics: graphOf(narrow()).topics.map((one) => ({ ...one, retentionMs: 1000 })) };
    expect(planTopology(short, { region: 'eu-west', deployed: null, topics: [] }).warnings).toEqual([
      expect.stringContaining('topic grades keeps records for 1 s, but state reaches back 5 min'),
    ]);
  });
});

describe('a compacted topic', () => {
  const latest = topic({
    name: 'latest-grades',
    schema: schema.record({ learner: schema.branded<LearnerId>() }),
    keyFields: ['learner'],
    partitions: 12,
    cleanup: 'compact',
  });

  it('that is read record by record is warned of: another run would not see the same; as a table it is meant', () => {
    const streamed = topology('streamed', { version: 1 }, ({ source }) => {
      source(latest, { eventTimeMs: () => 0 }).pipe(
        to(
          topic({
            name: 'kept',
            schema: schema.record({ learner: schema.branded<LearnerId>() }),
            keyFields: ['learner'],
            partitions: 12,
            derived: true,
          }),
        ),
      );
    });
    const looked = topology('looked', { version: 1 }, ({ source, table }) => {
      const rows = table(latest, { eventTimeMs: () => 0 });
      source(gradesOf(12), { eventTimeMs: (grade) => grade.atMs }).pipe(
        joinTable('known', rows, { miss: 'discard' }, (grade) => grade),
        to(averages),
      );
    });
    expect(plan(streamed).warnings).toContainEqual(expect.stringContaining('reads every record of latest-grades, which is compacted'));
    expect(plan(looked).warnings).toEqual([]);
  });

  it('is read so by no topology of the project', async () => {
    const folder = join(projectRoot, 'topologies');
    const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) {
      const { default: own } = (await import(join(folder, file))) as { readonly default: Topology };
      expect(plan(own).warnings.filter((warning) => warning.includes('compacted'))).toEqual([]);
    }
  });
});

describe('a plan as text', () => {
  it('shows what comes, changes and is wrong', () => {
    const made = plan(keeping(shape({ comment: schema.string }), 1), keeping(shape()), [
      { name: 'eu-west.grades', partitions: 6, cleanup: 'delete', retentionMs: null },
    ]);
    expect(planAsText(made)).toBe(`keeping, version 1, deployed is version 1: refused
problems
  ! SFS_PLAN_REFUSED: stage "best": the schema of store best/state changed, but the version of keeping is still 1; raise it to 2, or undo the change
  ! SFS_TOPIC_MISMATCH: topic eu-west.grades exists with other settings: partitions is 6, needed 12; change the topic, or its declaration
stages
  ~ best
      the schema of store best/state changed
state
  ! best/state: its rows cannot be read; under a raised version it starts empty, built again from the log
      comment: the reader needs this field, the writer has none, and there is no default
topics
  + eu-west.averages: 12 partitions, kept for ever
  ! eu-west.grades: partitions differ
retention
  grades keeps all it needs; best keeps state without end
12 tasks will run
`);
  });

  it('says of a raised version that its state starts empty, whatever the rows of the one before look like', () => {
    const raised = planAsText(plan(keeping(shape({ comment: schema.string }), 2, days(7) + minutes(10)), keeping(shape())));
    expect(raised).toContain(`
state
  + best/state: starts empty, built again from the log
topics
`);
    expect(raised).toContain(`
retention
  grades keeps 7 d 10 min; best keeps state without end: what came from older records cannot be built again
`);
    expect(raised).not.toMatch(/readable/);
    expect(planAsText(plan(wide()))).toContain('clicks must keep 1 d 1 h, keeps 400 d; best keeps');
  });

  it('says of state under an unchanged version whether its rows are migrated or belong to another operator', () => {
    const migrated = plan(keeping(shape({ comment: schema.nullable(schema.string) })), keeping(shape()));
    expect(planAsText(migrated)).toContain('  ~ best/state: rows of the older schema are migrated when they are read\n');
    expect(planAsText(plan(narrow(12, days(2)), narrow(12, days(1))))).toContain(
      '  ~ mean/panes: of another operator; under a raised version it starts empty, built again from the log\n',
    );
  });
});
