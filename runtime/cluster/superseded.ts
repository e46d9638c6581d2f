import type { OutputRecord } from '../ports.js';

/**
 * The outputs of a commit without those that a later one of the same key takes the place of, in topics that promise no more than the last
 * record of each key: what compaction would remove is not sent.
 */
export function withoutSuperseded(outputs: readonly OutputRecord[]): readonly OutputRecord[] {
  if (!outputs.some(({ isLatestOnly }) => isLatestOnly)) return outputs;
  const met = new Map<string, Set<string>>();
  const kept: OutputRecord[] = [];
  for (let index = outputs.length - 1; index >= 0; index--) {
    const output = outputs[index]!;
    if (output.isLatestOnly !== true || isFirst(output, met)) kept.push(output);
  }
  return kept.reverse();
}

function isFirst({ topic, key }: OutputRecord, met: Map<string, Set<string>>): boolean {
  if (key === null) return true;
  let keys = met.get(topic);
  if (keys === undefined) met.set(topic, (keys = new Set()));
  const before = keys.size;
  return keys.add(key.toString('latin1')).size > before;
}
