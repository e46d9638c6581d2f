import { describe, expect, it } from 'vitest';
import { canonicalJson, describe as graphOf, stageOf, subtopologyOf, taskCount, type TopologyGraph } from '../../operators/graph.js';
import { branch, deleteFrom, hours, keyBy, schema, seconds, to, topology } from '../../operators/index.js';
import { topics } from '../../schemas/index.js';
import { averages, circular, grades, gradesOf, joined, narrow, wide } from './graphSamples.js';

const graph = graphOf(wide());
const fingerprints = (of: TopologyGraph): Record<string, string> => Object.fromEntries(of.stages.map((stage) => [stage.id, stage.fingerprint]));
/** Ids of the stages whose fingerprints differ. */
const changed = (a: TopologyGraph, b: TopologyGraph): string[] =>
  Object.keys(fingerprints(a)).filter((id) => fingerprints(a)[id] !== fingerprints(b)[id]);
const failing = (code: string): unknown => expect.objectContaining({ code });

describe('the graph of a topology', () => {
  it('is JSON', () => {
    expect(JSON.parse(JSON.stringify(graph))).toEqual(graph);
    expect(graph).toMatchObject({ name: 'wide', version: 1, description: 'every kind of edge' });
  });

  it('is the same each time it is described', () => {
    expect(graphOf(wide())).toEqual(graph);
  });

  it('divides the stages at internal topics, and gives a global table to each part that reads it', () => {
    expect(graph.subtopologies.map((one) => one.stageIds)).toEqual([
      ['clicks', 'profiles', 'catalogue', 'known', 'item', 'by-item', 'scored'],
      ['catalogue', 'by-item.source', 'item-again', 'per-day', 'late', 'to-item-trends'],
      ['scored.source', 'best', 'to-recommendations'],
    ]);
    expect(graph.subtopologies.map((one) => one.index)).toEqual([0, 1, 2]);
    expect(subtopologyOf(graph, 'best').index).toBe(2);
    expect(subtopologyOf(graph, 'catalogue').index).toBe(0);
  });

  it('says how each topic is read', () => {
    const [clicks, , catalogue] = graph.subtopologies[0]!.inputs;
    expect(clicks).toEqual({
      stageId: 'clicks',
      topic: 'clicks',
      scope: 'task',
      partitions: 12,
      latenessMs: hours(1),
      idleMs: seconds(30),
      maxAheadMs: hours(1),
      eventTime: 'value',
      derived: false,
      internal: null,
    });
    expect(catalogue).toMatchObject({ topic: 'catalogue', scope: 'global', partitions: 4 });
    expect(graph.subtopologies[2]!.inputs).toMatchObject([
      { stageId: 'scored.source', topic: 'wide.v1.scored', internal: 'batch', eventTime: 'header', derived: true },
    ]);
  });

  it('names stages with their edges, stores and topics', () => {
    expect(stageOf(graph, 'item-again').inputs).toEqual([
      { stage: 'by-item.source', port: 0, through: 0 },
      { stage: 'catalogue', port: 0, through: 0 },
    ]);
    expect(stageOf(graph, 'late').inputs).toEqual([{ stage: 'per-day', port: 1, through: 1 }]);
    expect(stageOf(graph, 'best')).toMatchObject({ kind: 'reduce', stores: [{ name: 'best/state', schema: 'double' }], topic: null });
    expect(graph.subtopologies[1]!.sinks).toEqual([
      { stageId: 'late', topic: 'late-events' },
      { stageId: 'to-item-trends', topic: 'item-trends' },
    ]);
    expect(() => stageOf(graph, 'absent')).toThrow(failing('SFS_STAGE_UNKNOWN'));
    expect(() => subtopologyOf(graph, 'absent')).toThrow(failing('SFS_STAGE_UNKNOWN'));
  });

  it('lists the topics that must exist, internal ones with their partitions', () => {
    expect(graph.internalTopics).toEqual([
      { name: 'wide.v1.by-item', kind: 'repartition', partitions: 12, writer: 'by-item', reader: 'by-item.source' },
      { name: 'wide.v1.scored', kind: 'batch', partitions: 12, writer: 'scored', reader: 'scored.source' },
    ]);
    expect(graph.topics.map((one) => `${one.name} ${one.partitions}`)).toEqual([
      'catalogue 4',
      'clicks 12',
      'item-trends 12',
      'late-events 4',
      'profiles 12',
      'recommendations 12',
      'wide.v1.by-item 12',
      'wide.v1.scored 12',
    ]);
    expect(taskCount(graph)).toBe(36);
  });
});

describe('partitions', () => {
  const withKeyBy = (partitions?: number) =>
    topology('rekeyed', { version: 1 }, ({ source }) => {
      source(gradesOf(6), { eventTimeMs: (grade) => grade.atMs }).pipe(
        keyBy('again', { key: (grade) => grade.learner, value: schema.avro('string'), ...(partitions === undefined ? {} : { partitions }) }),
        to(averages),
      );
    });

  it('of an internal topic are those of the subtopology that writes it, unless given', () => {
    expect(graphOf(withKeyBy()).subtopologies.map((one) => one.partitions)).toEqual([6, 6]);
    expect(graphOf(withKeyBy(3)).subtopologies.map((one) => one.partitions)).toEqual([6, 3]);
  });

  it('of topics that one task reads must agree', () => {
    expect(graphOf(joined(4, 4)).subtopologies[0]!.partitions).toBe(4);
    expect(() => graphOf(joined(4, 6))).toThrow(failing('SFS_PARTITIONS_DIFFER'));
    expect(() => graphOf(joined(4, 6))).toThrow('other-grades has 6 partitions but grades has 4 partitions');
  });

  it('of a topology of global tables alone are one', () => {
    const lone = topology('lone', { version: 1 }, ({ globalTable }) => {
      globalTable(grades, { eventTimeMs: (grade) => grade.atMs });
    });
    expect(graphOf(lone).subtopologies).toMatchObject([{ stageIds: ['grades'], partitions: 1 }]);
  });
});

describe('a cycle', () => {
  it('of a subtopology that waits for its own output is refused, with the stage', () => {
    expect(() => graphOf(circular())).toThrow(failing('SFS_TOPOLOGY_CYCLE'));
    expect(() => graphOf(circular())).toThrow('stage "again" (topic circular.v1.again)');
  });

  it('through a derived topic of the catalogue is refused, too', () => {
    const fed = topology('fed', { version: 1 }, ({ source }) => {
      source(averages).pipe(to(averages));
    });
    expect(() => graphOf(fed)).toThrow(failing('SFS_TOPOLOGY_CYCLE'));
  });

  it('through the dead letters, which every topology writes, is refused, too', () => {
    const sorting = topology('sorting', { version: 1 }, ({ source }) => {
      source(topics.deadLetters, { eventTimeMs: () => 0 }).pipe(deleteFrom(topics.deadLetters, 'swept'));
    });
    expect(() => graphOf(sorting)).toThrow('stage "dead-letters" reads the dead letters, which the topology itself writes');
  });

  it('through a topic from outside is refused, too: its input would never end', () => {
    const endless = topology('endless', { version: 1 }, ({ source }) => {
      source(grades, { eventTimeMs: ({ atMs }) => atMs }).pipe(to(grades));
    });
    expect(() => graphOf(endless)).toThrow(failing('SFS_TOPOLOGY_CYCLE'));
    expect(() => graphOf(endless)).toThrow('stage "to-grades" (topic grades)');
  });
});

describe('a fingerprint', () => {
  it('does not change with the version', () => {
    expect(graphOf(wide(2)).fingerprint).toBe(graph.fingerprint);
  });

  it('changes with the parameters of the stage alone', () => {
    expect(changed(graph, graphOf(wide(1, hours(1))))).toEqual(['per-day']);
    expect(changed(graphOf(narrow(12, 1)), graphOf(narrow(12, 2)))).toEqual(['mean']);
  });

  it('changes with the number of partitions', () => {
    expect(changed(graphOf(narrow(12)), graphOf(narrow(6)))).toEqual(['grades']);
  });

  it('is of 16 hexadecimal digits', () => {
    expect(Object.values(fingerprints(graph)).every((one) => /^[0-9a-f]{16}$/.test(one))).toBe(true);
  });
});

describe('warnings', () => {
  it('name outputs that nobody reads, but not late and miss ports', () => {
    const loose = topology('loose', { version: 1 }, ({ source }) => {
      const all = source(grades, { eventTimeMs: (grade) => grade.atMs });
      branch('by-grade', all, { good: (record) => record.value.grade > 0.5 }).good.pipe(to(averages));
      all.pipe(keyBy('again', { key: (grade) => grade.learner, value: schema.avro('string') }));
    });
    expect(graphOf(loose).warnings.map((one) => one.slice(0, one.indexOf(':')))).toEqual([
      'nobody reads output "otherwise" of stage "by-grade"',
      'nobody reads output "out" of stage "again.source"',
    ]);
    expect(graph.warnings).toEqual([]);
  });
});

describe('canonicalJson', () => {
  it('is the same for equal values, whatever the order of their keys', () => {
    expect(canonicalJson({ b: 1, a: [2, { d: 1, c: undefined }] })).toBe(canonicalJson({ a: [2, { d: 1 }], b: 1 }));
    expect(canonicalJson({ a: Number.POSITIVE_INFINITY, b: Number.NEGATIVE_INFINITY, c: new Uint8Array([1]), d: 1n })).toBe(
      '{"a":"Infinity","b":"-Infinity","c":[1],"d":"1"}',
    );
  });
});
