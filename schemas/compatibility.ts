import { fullName, isUnion, type AvroEnum, type AvroField, type AvroFixed, type AvroRecord, type AvroSchema } from './avro-schema.js';
import { errorMessageOf } from './errors.js';
import { selfContained } from './load.js';
import { compileSchema } from './wire-schema.js';

/** Why one version cannot read what the other wrote. */
export interface Problem {
  /** Field, such as `personal.clicks`; array items are `[]`, map values `{}`; empty for the record itself. */
  readonly path: string;
  readonly message: string;
}

/** What a change of a schema breaks. */
export interface Comparison {
  /** Why the newer schema cannot read records of the older one. */
  readonly backward: readonly Problem[];
  /** Why the older schema cannot read records of the newer one. */
  readonly forward: readonly Problem[];
}

/** Compares two versions of a schema in both directions. @throws SFS_SCHEMA_INVALID when one does not compile */
export function compareSchemas(older: AvroRecord, newer: AvroRecord): Comparison {
  return { backward: readingProblems(newer, older), forward: readingProblems(older, newer) };
}

/** Why `reader` cannot read what `writer` wrote; empty when it can. @throws SFS_SCHEMA_INVALID */
export function readingProblems(reader: AvroRecord, writer: AvroRecord): Problem[] {
  const [readerType, writerType] = [compileSchema(reader).type, compileSchema(writer).type];
  const walk = new Walk(namedTypes(selfContained(reader)), namedTypes(selfContained(writer)));
  walk.compare({ schema: selfContained(reader), space: '' }, { schema: selfContained(writer), space: '' }, '');
  if (walk.problems.length > 0) return walk.problems;
  try {
    readerType.createResolver(writerType);
    return [];
  } catch (error) {
    return [{ path: '', message: errorMessageOf(error) }];
  }
}

/** A schema with the namespace that it stands in. */
interface Node {
  readonly schema: AvroSchema;
  readonly space: string;
}
type Named = AvroRecord | AvroEnum | AvroFixed;
interface NamedNode {
  readonly schema: Named;
  readonly space: string;
}

/** Writer types that a reader type takes besides its own. */
const PROMOTIONS: Readonly<Record<string, readonly string[]>> = {
  long: ['int'],
  float: ['int', 'long'],
  double: ['int', 'long', 'float'],
  string: ['bytes'],
  bytes: ['string'],
};

class Walk {
  readonly problems: Problem[] = [];
  readonly #seen = new Set<string>();

  constructor(
    private readonly readerNames: ReadonlyMap<string, Node>,
    private readonly writerNames: ReadonlyMap<string, Node>,
  ) {}

  compare(readerNode: Node, writerNode: Node, path: string): void {
    const reader = deref(readerNode, this.readerNames);
    const writer = deref(writerNode, this.writerNames);
    if (isUnion(writer.schema)) return this.#writerUnion(reader, writer.schema, writer.space, path);
    if (isUnion(reader.schema)) return this.#readerUnion(reader.schema, reader.space, writer, path);
    const [r, w] = [kindOf(reader.schema), kindOf(writer.schema)];
    if (r !== w && !(PROMOTIONS[r]?.includes(w) ?? false)) return this.#refuse(path, `type changed: ${w} cannot be read as ${r}`);
    if (typeof reader.schema === 'object' && typeof writer.schema === 'object') this.#sameKind(reader, writer, path);
  }

  #sameKind(reader: Node, writer: Node, path: string): void {
    const [r, w] = [reader.schema, writer.schema];
    if (typeof r === 'string' || typeof w === 'string' || isUnion(r) || isUnion(w)) return;
    if (r.type === 'array' && w.type === 'array') return this.compare(within(reader, r.items), within(writer, w.items), `${path}[]`);
    if (r.type === 'map' && w.type === 'map') return this.compare(within(reader, r.values), within(writer, w.values), `${path}{}`);
    if ('name' in r && 'name' in w) this.#sameNamed({ schema: r, space: reader.space }, { schema: w, space: writer.space }, path);
  }

  #sameNamed({ schema: r, space: rSpace }: NamedNode, { schema: w, space: wSpace }: NamedNode, path: string): void {
    if (!sameName(r, rSpace, w, wSpace))
      return this.#refuse(path, `name changed: ${nameOf(w, wSpace)} is not ${nameOf(r, rSpace)} or an alias of it`);
    if (r.type === 'record' && w.type === 'record') this.#records(r, rSpace, w, wSpace, path);
    if (r.type === 'enum' && w.type === 'enum') this.#enums(r, w, path);
    if (r.type === 'fixed' && w.type === 'fixed' && r.size !== w.size)
      this.#refuse(path, `size changed: ${String(w.size)} bytes to ${String(r.size)}`);
  }

  #records(reader: AvroRecord, readerSpace: string, writer: AvroRecord, writerSpace: string, path: string): void {
    const [rName, wName] = [nameOf(reader, readerSpace), nameOf(writer, writerSpace)];
    // A recursive or shared record is compared once: its problems have one path, the first.
    const pair = `${rName}:${wName}`;
    if (this.#seen.has(pair)) return;
    this.#seen.add(pair);
    for (const field of reader.fields) {
      const at = path === '' ? field.name : `${path}.${field.name}`;
      const match = matchOf(field, writer);
      if (match !== undefined) this.compare({ schema: field.type, space: spaceOf(rName) }, { schema: match.type, space: spaceOf(wName) }, at);
      else if (field.default === undefined) this.#refuse(at, 'the reader needs this field, the writer has none, and there is no default');
    }
  }

  #enums(reader: AvroEnum, writer: AvroEnum, path: string): void {
    const unknown = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol));
    if (unknown.length > 0 && reader.default === undefined)
      this.#refuse(path, `the reader does not know the symbols ${unknown.join(', ')} and has no default`);
  }

  #writerUnion(reader: Node, branches: readonly AvroSchema[], space: string, path: string): void {
    for (const schema of branches) this.compare(reader, { schema, space }, path);
  }

  #readerUnion(branches: readonly AvroSchema[], space: string, writer: Node, path: string): void {
    const tries = branches.map((schema) => this.#attempt({ schema, space }, writer, path));
    if (tries.some((problems) => problems.length === 0)) return;
    const alike = branches.findIndex((schema) => this.#alike({ schema, space }, writer));
    const problems = alike < 0 ? undefined : tries[alike];
    if (problems === undefined) this.#refuse(path, `no branch of the reader's union takes ${kindOf(writer.schema)}`);
    else this.problems.push(...problems);
  }

  #attempt(reader: Node, writer: Node, path: string): Problem[] {
    const walk = new Walk(this.readerNames, this.writerNames);
    for (const pair of this.#seen) walk.#seen.add(pair);
    walk.compare(reader, writer, path);
    return walk.problems;
  }

  /** The branch meant for the writer's type: its problems are the ones worth telling. */
  #alike(readerNode: Node, writer: Node): boolean {
    const reader = deref(readerNode, this.readerNames);
    const [r, w] = [reader.schema, writer.schema];
    if (kindOf(r) !== kindOf(w)) return false;
    return !isNamed(r) || !isNamed(w) || sameName(r, reader.space, w, writer.space);
  }

  #refuse(path: string, message: string): void {
    this.problems.push({ path, message });
  }
}

const within = (parent: Node, schema: AvroSchema): Node => ({ schema, space: parent.space });
const spaceOf = (name: string): string => name.slice(0, Math.max(name.lastIndexOf('.'), 0));
const nameOf = (schema: Named, space: string): string => fullName(schema, space);
const isNamed = (schema: AvroSchema): schema is Named => typeof schema === 'object' && 'name' in schema;
const kindOf = (schema: AvroSchema): string => (typeof schema === 'string' ? schema : isUnion(schema) ? 'union' : schema.type);

function sameName(reader: Named, readerSpace: string, writer: Named, writerSpace: string): boolean {
  const name = nameOf(reader, readerSpace);
  const aliases = 'aliases' in reader ? (reader.aliases ?? []) : [];
  return [name, ...aliases.map((alias) => fullName({ name: alias }, spaceOf(name)))].includes(nameOf(writer, writerSpace));
}

function matchOf(field: AvroField, writer: AvroRecord): AvroField | undefined {
  return [field.name, ...(field.aliases ?? [])]
    .map((name) => writer.fields.find((candidate) => candidate.name === name))
    .find((match) => match !== undefined);
}

function deref(node: Node, names: ReadonlyMap<string, Node>): Node {
  if (typeof node.schema !== 'string') return node;
  return names.get(fullName({ name: node.schema }, node.space)) ?? names.get(node.schema) ?? node;
}

function namedTypes(schema: AvroSchema, space = '', found = new Map<string, Node>()): Map<string, Node> {
  if (typeof schema === 'string') return found;
  if (isUnion(schema)) for (const branch of schema) namedTypes(branch, space, found);
  else if (schema.type === 'array') namedTypes(schema.items, space, found);
  else if (schema.type === 'map') namedTypes(schema.values, space, found);
  else if (isNamed(schema)) addNamed(schema, space, found);
  return found;
}

function addNamed(schema: Named, space: string, found: Map<string, Node>): void {
  const name = nameOf(schema, space);
  found.set(name, { schema, space });
  if (schema.type === 'record') for (const field of schema.fields) namedTypes(field.type, spaceOf(name), found);
}
