import type { TopologyGraph } from '../../operators/graph.js';
import { canonicalJson } from '../../operators/graph.js';
import { errorMessageOf, readingProblems, type AvroRecord, type AvroSchema, type Problem } from '../../schemas/index.js';
import type { StageChange } from './stageChanges.js';

/** Whether the rows of a deployed store can be read by the stage as it is declared now. */
export interface StoreChange {
  readonly store: string;
  readonly stage: string;
  /**
   * `same`: one schema; `readable`: Avro resolution migrates each row; `unreadable`: see `problems`, only a replay builds it;
   * `new` and `removed`: one side has none.
   */
  readonly state: 'same' | 'readable' | 'unreadable' | 'new' | 'removed';
  /** The stage itself differs: rows that can be read may still mean something else. */
  readonly stageChanged: boolean;
  readonly problems: readonly Problem[];
}

/** Every store of both graphs, in order of declaration, then the removed ones. */
export function storeChanges(deployed: TopologyGraph, next: TopologyGraph, changes: readonly StageChange[]): StoreChange[] {
  const [before, after] = [storesOf(deployed), storesOf(next)];
  const stageChanged = (stage: string): boolean =>
    changes.some((one) => one.stage === stage && one.differences.some((difference) => !difference.parameter.startsWith('store ')));
  const present = [...after.values()].map((store): StoreChange => ({
    store: store.name,
    stage: store.stage,
    stageChanged: stageChanged(store.stage),
    ...compareStores(before.get(store.name)?.schema, store.schema),
  }));
  const removed = [...before.values()].filter((store) => !after.has(store.name));
  return [...present, ...removed.map(({ name, stage }): StoreChange => ({ store: name, stage, state: 'removed', stageChanged: true, problems: [] }))];
}

interface PlacedStore {
  readonly name: string;
  readonly stage: string;
  readonly schema: AvroSchema;
}

function storesOf(graph: TopologyGraph): ReadonlyMap<string, PlacedStore> {
  return new Map(graph.stages.flatMap((stage) => stage.stores.map((store) => [store.name, { ...store, stage: stage.id }])));
}

function compareStores(older: AvroSchema | undefined, newer: AvroSchema): Pick<StoreChange, 'state' | 'problems'> {
  if (older === undefined) return { state: 'new', problems: [] };
  if (canonicalJson(older) === canonicalJson(newer)) return { state: 'same', problems: [] };
  const problems = rowProblems(newer, older);
  return { state: problems.length === 0 ? 'readable' : 'unreadable', problems };
}

/** Why rows of `writer` cannot be read as rows of `reader`; paths start at the row. */
export function rowProblems(reader: AvroSchema, writer: AvroSchema): readonly Problem[] {
  try {
    const problems = readingProblems(rowRecord(reader), rowRecord(writer));
    return problems.map((problem) => ({ ...problem, path: problem.path.replace(/^row\.?/, '') }));
  } catch (error) {
    return [{ path: '', message: errorMessageOf(error) }];
  }
}

/** A row in a record of one field: comparing takes records with names, and rows may be anything. */
function rowRecord(row: AvroSchema): AvroRecord {
  return { type: 'record', name: 'Stored', namespace: 'eu.skillforge.state', fields: [{ name: 'row', type: named(row, 'Row', new Set()) }] };
}

/** A schema in which every definition has a name (that of its path where it had none), and each name one definition. */
function named(schema: AvroSchema, path: string, seen: Set<string>): AvroSchema {
  if (typeof schema === 'string') return schema;
  if (isUnionOf(schema)) return schema.map((branch, index) => named(branch, `${path}_${index}`, seen));
  if (schema.type === 'array') return { ...schema, items: named(schema.items, `${path}_items`, seen) };
  if (schema.type === 'map') return { ...schema, values: named(schema.values, `${path}_values`, seen) };
  if (schema.type !== 'record' && schema.type !== 'enum' && schema.type !== 'fixed') return schema;
  const { name = path, namespace } = schema as { readonly name?: string; readonly namespace?: string };
  const full = namespace === undefined ? name : `${namespace}.${name}`;
  if (seen.has(full)) return full;
  seen.add(full);
  if (schema.type !== 'record') return { ...schema, name };
  return { ...schema, name, fields: schema.fields.map((field) => ({ ...field, type: named(field.type, `${path}_${field.name}`, seen) })) };
}

const isUnionOf = (schema: AvroSchema): schema is readonly AvroSchema[] => Array.isArray(schema);
