/** Versions of the model that a payload names: looked up and opened before any task decides under it. */
import { canonicalJson } from '../../operators/graph.js';
import { versionIn } from '../../operators/ports/experiments.js';
import { SkillForgeError, errorCodeOf, errorMessageOf, type ErrorCode } from '../../schemas/index.js';
import type { FollowedModels, FoundModel } from '../engine/followedModels.js';
import type { ExperimentObserver } from './events.js';
import type { ExperimentPayload } from './payload.js';
import type { JsonObject } from './problem.js';
import { numbersIn, withRankers } from './rankerValues.js';

/** How long a version that cannot be used is not tried again, ms. */
const AGAIN_MS = 60_000;

interface Refusal {
  readonly code: ErrorCode;
  readonly atMs: number;
  /** It may come by itself: it is tried at each look. */
  readonly isPassing: boolean;
}

/**
 * Puts into a payload what its versions are. Whoever decides under it needs no registry to know, and what could not be opened is not in it: there the
 * variation decides with what the control of its experiment does. So a replay decides as the run did, whatever has become of the registry.
 */
export class NamedVersions {
  private found: ReadonlyMap<string, FoundModel> = new Map();
  /** Digests of what is open for a payload: that of the last look, and the one that is being looked at. */
  private readonly held = new Set<string>();
  private readonly refused = new Map<string, Refusal>();

  /** @param models - `null` where no registry is followed: every version is refused then */
  constructor(
    private readonly models: FollowedModels | null,
    private readonly onEvent: ExperimentObserver | undefined,
    private readonly againMs = AGAIN_MS,
  ) {}

  /** Digests of versions that must stay open until tasks have turned to their payload. */
  digests(): Iterable<string> {
    return this.held;
  }

  /** The payload with digests of its versions, and without those that cannot be used. Never fails. */
  async resolved(payload: ExperimentPayload): Promise<ExperimentPayload> {
    const parsed = JSON.parse(payload.text) as JsonObject;
    const numbers = numbersIn(parsed);
    const found = new Map<string, FoundModel>();
    for (const number of numbers) {
      const one = await this.look(number);
      if (one !== null) found.set(number, one);
    }
    this.found = found;
    this.held.clear();
    for (const { ref } of found.values()) this.held.add(ref.digest);
    if (numbers.length === 0) return payload;
    const usable = withRankers(parsed, (ranker) => {
      const number = versionIn(ranker);
      return number === null || found.has(number);
    });
    const versions = Object.fromEntries([...found].map(([number, { ref }]) => [number, ref.digest]));
    const trained = [...found.values()].map(({ trainedUntilMs }) => trainedUntilMs);
    // A version decides about nothing that it has seen: the experiment begins for all variations when it may for each.
    return { text: canonicalJson({ ...usable, versions }), updatedAtMs: Math.max(payload.updatedAtMs, ...trained) };
  }

  private async look(number: string): Promise<FoundModel | null> {
    const refusal = this.refused.get(number);
    if (refusal !== undefined && !refusal.isPassing && performance.now() - refusal.atMs < this.againMs) return null;
    try {
      const found = await this.open(number);
      this.held.add(found.ref.digest);
      if (this.found.get(number)?.ref.digest !== found.ref.digest) this.onEvent?.({ kind: 'version-opened', number, version: found.version });
      this.refused.delete(number);
      return found;
    } catch (error) {
      const isPassing = error instanceof SkillForgeError && error.retriable;
      const known = this.found.get(number);
      // It is open, and a registry that is away for a while has not taken it back.
      if (isPassing && known !== undefined) return known;
      this.refuse(number, error, isPassing);
      return null;
    }
  }

  private async open(number: string): Promise<FoundModel> {
    if (this.models?.find !== undefined) return this.models.find(number);
    const what = `version ${number} is named by an experiment, and this run follows no registry: give it --models registry`;
    throw new SkillForgeError('SFS_MODEL_MISSING', what, { context: { number } });
  }

  /** Told once for each reason. */
  private refuse(number: string, error: unknown, isPassing: boolean): void {
    const code = errorCodeOf(error);
    const isTold = this.refused.get(number)?.code === code;
    this.refused.set(number, { code, atMs: performance.now(), isPassing });
    if (!isTold) this.onEvent?.({ kind: 'version-refused', number, code, message: errorMessageOf(error) });
  }
}
