import type { Observable } from 'rxjs';
import type { Topic } from '../schemas/index.js';
import type { SourceInput } from './stage.js';
import type { Records } from './record.js';
import { upstreamOf, type StageOutput, type StageSpec } from './stage.js';

/** Adds a stage that reads `inputs` to their topology; one output per port of the specification. */
export function attach(
  inputs: readonly Observable<unknown>[],
  spec: StageSpec & { readonly source?: SourceInput; readonly target?: Topic<string, unknown> },
): StageOutput<string, unknown>[] {
  return upstreamOf(inputs[0]!).output.owner.add(spec, inputs);
}

/** The first output of a new stage, typed as the operator promises. */
export function attachOne<K extends string, R>(inputs: readonly Observable<unknown>[], spec: StageSpec): Records<K, R> {
  return attach(inputs, spec)[0] as unknown as Records<K, R>;
}
