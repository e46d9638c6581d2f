import { LocalSchemaIds, parsePhysicalTopicName, topicCodec, topics, type DeadLetter, type SchemaIds, type TopicCodec } from '../../schemas/index.js';
import type { OutputRecord } from '../ports.js';

/** A replay has dead letters of its own, with its number behind the name. */
const LETTERS = new RegExp(`^${topics.deadLetters.name}(\\.v[1-9]\\d*)?$`);

/** Reads from the dead letters of commits why they were written. */
export class DeadLetterCodes {
  private codec: TopicCodec<DeadLetter> | null = null;

  /** @param ids - what the letters are written with; `undefined` where ids are computed */
  constructor(private readonly ids: SchemaIds | undefined) {}

  /** How many of these outputs are dead letters, by their code. */
  in(outputs: readonly OutputRecord[]): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const output of outputs) {
      const code = this.codeOf(output);
      if (code !== null) counts.set(code, (counts.get(code) ?? 0) + 1);
    }
    return counts;
  }

  private codeOf({ topic, key, value }: OutputRecord): string | null {
    if (value === null || !LETTERS.test(parsePhysicalTopicName(topic).name)) return null;
    this.codec ??= topicCodec(topics.deadLetters, this.ids ?? LocalSchemaIds.withAccepted());
    return this.codec.decode(key?.toString() ?? '', value).code;
  }
}
