import { topics, type Traces } from '../schemas/index.js';
import type { Told } from './answer.js';

/** Tells traces of an answer that is a list of the learner: it follows from the record that the list came with. @param elapsedMs - what it took to find the list */
export function traceAnswer({ identity, sink }: Traces, learner: string, { served, madeAtMs, model }: Told, elapsedMs: number): void {
  if (madeAtMs === null || (served !== 'personal' && served !== 'stale') || !identity.isFollowed(learner)) return;
  const traceId = identity.traceId(learner, madeAtMs);
  const endMs = performance.timeOrigin + performance.now();
  const startMs = endMs - elapsedMs;
  sink({
    traceId,
    // Each answer is a span of its own.
    spanId: identity.spanId(traceId, 'answer', startMs),
    parentId: identity.spanId(traceId, topics.recommendations.name, madeAtMs),
    name: 'answer',
    kind: 'server',
    startMs,
    endMs,
    attributes: { 'skillforge.served': served, 'skillforge.model': model ?? '' },
  });
}
