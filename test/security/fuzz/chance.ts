/** Seeded chance, and what it makes: values of a schema, bytes and texts that are nearly right. */
import { loadSchema, type AvroSchema } from '../../../schemas/index.js';

/** Numbers by mulberry32: the same seed gives the same inputs. */
export class Chance {
  constructor(private state: number) {}

  /** From 0 to below 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }

  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }
}

/** What parsers stumble over. */
export const ODD_TEXTS: readonly string[] = [
  '',
  ' ',
  '\0',
  '\u2028',
  '\ud800',
  '😀',
  '__proto__',
  'constructor',
  'toString',
  '-1',
  '1e999',
  '9007199254740993',
  'NaN',
  'null',
  '../../etc/passwd',
  '%00',
  '%2e%2e%2f',
  '${jndi:ldap://x}',
  "' or 1=1 --",
  '<script>',
  'a|b',
  '{}',
  '[]',
  '"',
  '\\',
  'x'.repeat(70_000),
  '('.repeat(3_000),
  '['.repeat(20_000),
  '{"a":'.repeat(20_000),
];

/** Numbers at the borders of what fits. */
const ODD_NUMBERS = [0, -1, 1, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, 0.1, 2 ** 32 - 1];

/** Avro's variable length of great and small counts. */
const ODD_BYTES = ['00', 'ff', '7f', '80', 'ffffffff0f', 'feffffffffffffffff01', 'ffffffffffffffffff01', '8080808080808080808080', '01', '02'].map(
  (hex) => Buffer.from(hex, 'hex'),
);

/** The same bytes, changed in a few places, cut, or made longer. */
export function spoilt(bytes: Buffer, chance: Chance): Buffer {
  let now = Buffer.from(bytes);
  for (let times = 1 + chance.below(4); times > 0; times--) {
    const at = chance.below(now.length + 1);
    const way = chance.below(6);
    if (way === 0 && now.length > 0) now[chance.below(now.length)]! ^= 1 << chance.below(8);
    else if (way === 1) now = Buffer.concat([now.subarray(0, at), chance.one(ODD_BYTES), now.subarray(at)]);
    else if (way === 2) now = Buffer.concat([now.subarray(0, at), chance.one(ODD_BYTES), now.subarray(at + 1 + chance.below(8))]);
    else if (way === 3) now = now.subarray(0, at);
    else if (way === 4) now = Buffer.concat([now.subarray(0, at), now.subarray(chance.below(now.length + 1))]);
    else now = Buffer.concat([now, chance.bytes(chance.below(40))]);
  }
  return now.length > 1 << 20 ? now.subarray(0, 1 << 20) : now;
}

/** The same text, changed as {@link spoilt} does it, or with something odd in it. */
export function spoiltText(text: string, chance: Chance): string {
  if (chance.below(2) === 0) return spoilt(Buffer.from(text), chance).toString();
  const at = chance.below(text.length + 1);
  return `${text.slice(0, at)}${chance.one(ODD_TEXTS)}${text.slice(at + chance.below(12))}`;
}

/** The same JSON value with something odd at one place, a field that is gone, or one too many. */
export function spoiltValue(value: unknown, chance: Chance, depth = 0): unknown {
  if (Array.isArray(value) && value.length > 0 && chance.below(4) > 0) {
    const at = chance.below(value.length);
    return value.map((one: unknown, index) => (index === at ? spoiltValue(one, chance, depth + 1) : one));
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && chance.below(5) > 0) {
    const entries = Object.entries(value);
    const at = chance.below(entries.length + 1);
    if (at === entries.length) return { ...value, [chance.one(ODD_TEXTS)]: oddValue(chance) };
    if (chance.below(6) === 0) return Object.fromEntries(entries.filter((_, index) => index !== at));
    return Object.fromEntries(entries.map(([name, one], index) => [name, index === at ? spoiltValue(one, chance, depth + 1) : one]));
  }
  return oddValue(chance);
}

function oddValue(chance: Chance): unknown {
  const ways = [
    () => chance.one(ODD_TEXTS),
    () => chance.one(ODD_NUMBERS),
    () => null,
    () => chance.below(2) === 0,
    () => [],
    () => ({}),
    () => Array.from({ length: 2_000 }, (_, n) => n),
    () => nested(200),
  ];
  return chance.one(ways)();
}

const nested = (depth: number): unknown => (depth === 0 ? null : [nested(depth - 1)]);

/** A schema of several parts, as JSON has it. */
interface Parts {
  readonly type: string;
  readonly name?: string;
  readonly fields?: readonly { readonly name: string; readonly type: AvroSchema }[];
  readonly items?: AvroSchema;
  readonly values?: AvroSchema;
  readonly symbols?: readonly string[];
}

/** Every named type of a schema: it may be named before chance comes to where it is declared. */
function namesIn(schema: AvroSchema, known: Map<string, AvroSchema>): Map<string, AvroSchema> {
  if (typeof schema === 'string') return known;
  if (Array.isArray(schema)) {
    for (const one of schema as AvroSchema[]) namesIn(one, known);
    return known;
  }
  const { name, fields = [], items, values } = schema as unknown as Parts;
  if (name !== undefined) known.set(name, schema).set(`eu.skillforge.${name}`, schema);
  for (const { type } of fields) namesIn(type, known);
  for (const inner of [items, values]) if (inner !== undefined) namesIn(inner, known);
  return known;
}

/** A value of an Avro schema. */
export function valueOf(schema: AvroSchema, chance: Chance, known = namesIn(schema, namesIn(loadSchema('sealed'), new Map()))): unknown {
  if (Array.isArray(schema)) return valueOf(chance.one(schema as AvroSchema[]), chance, known);
  if (typeof schema === 'string') return known.has(schema) ? valueOf(known.get(schema)!, chance, known) : plainOf(schema, chance);
  const named = schema as unknown as Parts;
  if (named.fields !== undefined) return Object.fromEntries(named.fields.map(({ name, type }) => [name, valueOf(type, chance, known)]));
  if (named.type === 'array') return Array.from({ length: chance.below(4) }, () => valueOf(named.items!, chance, known));
  if (named.type === 'map')
    return Object.fromEntries(Array.from({ length: chance.below(3) }, (_, n) => [`k${n}`, valueOf(named.values!, chance, known)]));
  if (named.type === 'enum') return chance.one(named.symbols!);
  return valueOf(named.type, chance, known);
}

function plainOf(type: string, chance: Chance): unknown {
  if (type === 'string') return chance.below(8) === 0 ? 'ä😀'.repeat(chance.below(5)) : `text-${chance.below(100)}`;
  if (type === 'boolean') return chance.below(2) === 0;
  if (type === 'null') return null;
  if (type === 'bytes') return chance.bytes(chance.below(20));
  if (type === 'int') return chance.below(2 ** 31);
  if (type === 'long') return chance.below(2) === 0 ? chance.below(100) : chance.below(2 ** 40);
  return chance.next() * 100;
}
