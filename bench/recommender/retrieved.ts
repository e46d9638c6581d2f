/** Whether what training learnt about items was really used by decisions: figures of a retrieval that proposed nothing would say nothing of it. */
import { sourceBit } from '../../operators/recommend/candidateSources.js';
import type { Retrieval } from '../../operators/ports/retrieval.js';
import type { FeatureLog, Opened } from '../../schemas/index.js';

/** Each part of a retrieval, and the source of candidates that runs it. */
const SOURCES = { factors: 'ALS', embeddings: 'NEIGHBOURS', covisits: 'COVISITED' } as const;

/** A school of a few days has few items that are open and not used: a part proposes so many candidates a decision at least. */
const LEAST = 1 / 10;

/**
 * How many candidates each part of a retrieval proposed, a logged decision.
 * @throws where a part that is there proposed next to none
 */
export function retrieved(retrieval: Retrieval, logs: readonly Opened<FeatureLog>[]): string {
  const told = Object.entries(SOURCES).flatMap(([part, source]) => {
    if (retrieval[part as keyof Retrieval] === null) return [];
    const proposed = logs.reduce(
      (sum, { personal }) => sum + personal.candidates.filter(({ sources }) => (sources & sourceBit(source)) > 0).length,
      0,
    );
    // Of no decision at all it is no number, and not enough either.
    if (!(proposed / logs.length >= LEAST))
      throw new Error(`${proposed} candidates of ${source} in ${logs.length} decisions: the items are not those that the ${part} of the model know`);
    return [`${(proposed / logs.length).toFixed(1)} of ${source}`];
  });
  return told.length === 0 ? 'no retrieval' : told.join(', ');
}
