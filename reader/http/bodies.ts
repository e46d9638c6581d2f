/** What the validator of fastify would let pass: it turns values into the type that a schema asks for, and `null` into 0. */

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** What is wrong with the types of a JSON body, before its values are looked at; `null` for nothing. @param schema - of the route, if it has one for its body */
export function typeTrouble(schema: unknown, body: unknown): string | null {
  return schema === undefined || body === undefined ? null : troubleAt(schema as Schema, body, '');
}

function troubleAt({ type, properties = {}, items }: Schema, value: unknown, place: string): string | null {
  if (type !== undefined && !isOfType(value, type))
    return place === '' ? `the body must be ${type}` : `the field of the body "${place}" must be ${type}`;
  const at = (name: string | number): string => (place === '' ? String(name) : `${place}/${name}`);
  if (items !== undefined) return firstOf((value as unknown[]).map((one, index) => () => troubleAt(items, one, at(index))));
  const fields = value as Readonly<Record<string, unknown>>;
  const known = Object.entries(properties).filter(([name]) => Object.hasOwn(fields, name));
  return firstOf(
    known.map(
      ([name, schema]) =>
        () =>
          troubleAt(schema, fields[name], at(name)),
    ),
  );
}

function firstOf(checks: readonly (() => string | null)[]): string | null {
  for (const check of checks) {
    const trouble = check();
    if (trouble !== null) return trouble;
  }
  return null;
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}
