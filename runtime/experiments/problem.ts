/** Names and places on the way from the root of a JSON text to a value. */
export type JsonPath = readonly (string | number)[];

/** Something in a payload that cannot be used. */
export interface Problem {
  readonly path: JsonPath;
  /** The path as text, such as `features.recommendations.rules[0].weights`; `the payload` for the root. */
  readonly place: string;
  /** What is wrong there; reads on after the place. */
  readonly message: string;
}

/** A value that JSON writes in braces. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether it is one. */
export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Names a place, and what is wrong there. */
export function problem(path: JsonPath, message: string): Problem {
  const place = path.map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${step}`)).join('');
  return { path, place: place === '' ? 'the payload' : place, message };
}
