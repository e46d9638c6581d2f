/** The models of a registry as the page shows them. */
import type { ConsoleGates, ConsoleModel, ConsoleModels, ConsoleMove } from '../../reader/consoleSource.js';
import { ALIASES, type AliasChange, type ModelRegistry, type RegisteredVersion } from '../../runtime/models/registry/index.js';
import { errorCodeOf } from '../../schemas/index.js';
import { gateChecks, type GateCheck } from '../commands/modelText.js';
import { inTime } from '../../reader/patience.js';

/** The registry is asked anew after this time, ms, however many look. */
const FRESH_MS = 2_000;
const PATIENCE_MS = 4_000;
/** Versions, and moves, that are shown. */
const MOST_SHOWN = 20;

/** What is told beside the registry. */
export interface ModelFigureOptions {
  readonly registry: ModelRegistry;
  /** What ranks where that does not come from the registry; `null` where it does, or nobody knows. */
  readonly ranking?: string | null;
  /** Ms; one that never goes back (that of the process). */
  readonly now?: (() => number) | undefined;
  /** So long the registry has to answer until what it said last is told, ms (4,000). */
  readonly patienceMs?: number;
}

type Told = Pick<ConsoleModels, 'versions' | 'moves' | 'trouble'>;

/** Asks a registry what it keeps, and remembers it for while it does not answer. */
export class ModelFigures {
  private readonly now: () => number;
  private told: Told = { versions: [], moves: [], trouble: null };
  private asking: Promise<void> | null = null;
  private askedMs = -Infinity;

  constructor(private readonly options: ModelFigureOptions) {
    this.now = options.now ?? (() => performance.now());
  }

  async models(): Promise<ConsoleModels> {
    const { ranking = null, patienceMs = PATIENCE_MS } = this.options;
    if (this.asking === null && this.now() - this.askedMs >= FRESH_MS) this.asking = this.ask().finally(() => (this.asking = null));
    const isLate = this.asking !== null && (await inTime(this.asking, patienceMs, true)) === true;
    if (isLate) this.told = { ...this.told, trouble: 'SFS_MODEL_REGISTRY' };
    return { ranking, ...this.told };
  }

  private async ask(): Promise<void> {
    const { registry } = this.options;
    try {
      const versions = (await registry.versions()).slice(0, MOST_SHOWN).map(modelOf);
      const moves: ConsoleMove[] = [];
      for (const alias of ALIASES) moves.push(...(await registry.history(alias)).slice(0, MOST_SHOWN).map(moveOf));
      this.told = { versions, moves: moves.sort((a, b) => b.atMs - a.atMs).slice(0, MOST_SHOWN), trouble: null };
    } catch (error) {
      this.told = { ...this.told, trouble: errorCodeOf(error, 'SFS_MODEL_REGISTRY') };
    }
    this.askedMs = this.now();
  }
}

function modelOf(version: RegisteredVersion): ConsoleModel {
  const { number, bundleVersion, region, createdAtMs, aliases, tags } = version;
  return { number, bundleVersion, region, createdAtMs, aliases, trainedUntilMs: numberOf(tags['trained_until_ms']), gates: gatesOf(version) };
}

/** As the tags of a version keep it; see `gateTags`. */
function gatesOf(version: RegisteredVersion): ConsoleGates | null {
  const { tags } = version;
  const status = tags['gate.status'];
  if (status === undefined) return null;
  return { status, atMs: numberOf(tags['gate.at_ms']), champion: tags['gate.champion'] || null, checks: gateChecks(version).map(checkOf) };
}

const checkOf = ({ name, status, value, bound, reason }: GateCheck): ConsoleGates['checks'][number] => ({
  name,
  status,
  value: toldOf(value),
  bound: toldOf(bound),
  reason: reason ?? null,
});

function moveOf({ alias, previous, number, atMs, by, reason }: AliasChange): ConsoleMove {
  return { alias, from: previous, to: number, atMs, by, reason };
}

const digits = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });

function toldOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return digits.format(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function numberOf(text: string | undefined): number | null {
  const value = Number(text ?? NaN);
  return Number.isFinite(value) ? value : null;
}
