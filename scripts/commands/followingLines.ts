/** Tells people and programs what happens to what a run follows: models, experiments. */
import { printJson, printable, timeText } from './output.js';

/** How events are told. */
export interface Telling<E> {
  /** Of the objects of `--json`: `{"<name>":…}`. */
  readonly name: string;
  /** What a task turned to; `undefined` of other events. */
  readonly adopted: (event: E) => string | null | undefined;
  readonly text: (event: E) => string;
}

/** Lines on standard error; with `json`, objects on standard output. Of tasks that turn to one thing the first is told to people. */
export function tellEvents<E>(json: boolean, { name, adopted, text }: Telling<E>): (event: E) => void {
  let told: string | null | undefined;
  return (event) => {
    if (json) return printJson({ [name]: event });
    const now = adopted(event);
    if (now !== undefined) {
      if (now === told) return;
      told = now;
    }
    process.stderr.write(`${printable(text(event))}\n`);
  };
}

/** From which event time on, ms. */
export const fromText = (fromMs: number): string => (Number.isFinite(fromMs) ? `from ${timeText(fromMs)} on` : 'from the beginning');
