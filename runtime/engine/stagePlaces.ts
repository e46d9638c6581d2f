import type { StageNode } from '../../operators/builder.js';

/** Where a stage stands among those of its topology. */
export interface StagePlace {
  readonly stage: string;
  /** Position in declaration order: a stage comes after those that it reads. */
  readonly rank: number;
  /** How far the stage's own watermark lies behind the task's, ms: what the stages before it hold back. */
  readonly delayMs: number;
  /** Name of the stage's timers in the task's time queue; of timers of one time, the earlier stage's come first. */
  readonly queue: string;
}

/** The places of all stages by id. */
export function placesOf(stages: readonly StageNode[]): ReadonlyMap<string, StagePlace> {
  const holds = new Map(stages.map((stage) => [stage.id, stage.holdMs ?? 0]));
  const places = new Map<string, StagePlace>();
  stages.forEach(({ id, inputs }, rank) => {
    const delays = inputs.map((input) => places.get(input.stage)!.delayMs + holds.get(input.stage)!);
    places.set(id, { stage: id, rank, delayMs: Math.max(0, ...delays), queue: `${String(rank).padStart(4, '0')} ${id}` });
  });
  return places;
}
