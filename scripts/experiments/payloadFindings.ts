/** What is wrong with a payload, with the places in its text. */
import { payloadProblems } from '../../runtime/experiments/index.js';
import { JsonText, type TextPosition } from './jsonPlaces.js';

/** Something that is wrong at a place. */
export interface PayloadFinding extends TextPosition {
  /** The place by names, such as `features.recommendations.ranker.rules[0].key`. */
  readonly place: string;
  readonly message: string;
}

/** Findings in the order of the text; none where the payload can be used. */
export function findingsIn(text: string): PayloadFinding[] {
  const places = new JsonText(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const { fault } = places;
    const position = fault?.position ?? places.place([]);
    return [{ ...position, place: 'the text', message: `is no JSON: ${fault?.message ?? (error as Error).message}` }];
  }
  const found = payloadProblems(value).map(({ path, place, message }) => ({ ...places.place(path), place, message }));
  return found.sort((a, b) => a.line - b.line || a.column - b.column);
}
