/** All gates on a version of a registry, and the tags that tell of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorCodeOf, errorMessageOf } from '../../../schemas/index.js';
import type { FeatureSet } from '../../../operators/features/declarations.js';
import { readBundle, type Bundle } from '../../../runtime/models/bundle.js';
import type { ModelRegistry, RegisteredVersion } from '../../../runtime/models/registry/index.js';
import { cardGate, digestGate, regionGate, sizeGate } from './bundleGates.js';
import { compare, type ComparedRange } from './comparison.js';
import { groupRows, type GroupRow } from './groupRows.js';
import { GATES, failedClosed, type GateCheck, type GateName } from './gate.js';
import { servingGates } from './servingGates.js';
import { statisticalGates } from './statisticalGates.js';
import { boundsWith, type Bounds } from './thresholds.js';

/** What a version is judged on. */
export interface GateOptions extends ComparedRange {
  /** Region in which it would decide. */
  readonly region: string;
  /** Numbers instead of the declared ones. */
  readonly bounds?: Partial<Bounds> | undefined;
  /** The features that this version of the package computes, by default. */
  readonly featureSet?: FeatureSet;
  /** By whose clock the report is dated, ms since epoch. */
  readonly atMs: number;
  readonly onProgress?: (line: string) => void;
}

/** What the gates found. */
export interface GateReport {
  readonly number: string;
  readonly bundleVersion: string;
  /** `passed` where no check has failed. */
  readonly status: 'passed' | 'failed';
  readonly atMs: number;
  /** Number of the version in production that it was compared with; `null` where it was the order that was shown. */
  readonly champion: string | null;
  readonly checks: readonly GateCheck[];
  /** Every group of learners that could be measured, the least good first; none where nothing was compared. */
  readonly groups: readonly GroupRow[];
}

/** The gates that compare. */
const STATISTICAL: readonly GateName[] = GATES.slice(GATES.indexOf('decisions'));

/**
 * Judges a version by every gate. What cannot be evaluated has failed, with the reason; nothing is changed.
 *
 * @throws SFS_MODEL_MISSING where there is no version of this number; SFS_MODEL_REGISTRY
 */
export async function runGates(registry: ModelRegistry, number: string, options: GateOptions): Promise<GateReport> {
  const registered = await registry.version(number);
  const work = mkdtempSync(join(tmpdir(), 'skillforge-gate-'));
  try {
    const bundle = await fetched(registry, number, work);
    if (typeof bundle === 'string') return reportOf(registered, options, { champion: null, checks: allFailed(GATES, bundle), groups: [] });
    const bounds = boundsWith(options.bounds);
    const own = [digestGate(bundle, registered), regionGate(bundle, registered, options.region), cardGate(bundle), sizeGate(bundle, bounds)];
    options.onProgress?.('scoring');
    const serving = await servingGates(bundle, options, bounds);
    const { champion, checks, groups } = await compared(registry, bundle, options, bounds, work);
    return reportOf(registered, options, { champion, checks: [...own, ...serving, ...checks], groups });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Tags by which `model promote`, and whoever looks later, know what the gates found. */
export function gateTags({ status, atMs, champion, checks }: Omit<GateReport, 'groups'>): Record<string, string> {
  return { 'gate.status': status, 'gate.at_ms': String(atMs), 'gate.champion': champion ?? '', 'gate.report': JSON.stringify({ checks }) };
}

/** Failures that say something of a version, or of what it was to be compared by; any other is none of its own. */
const TELLING: ReadonlySet<string> = new Set(['SFS_MODEL_DAMAGED', 'SFS_MODEL_MISSING', 'SFS_PYTHON_MISSING', 'SFS_TRAINER_FAILED']);

/** The bundle of a version, or why there is none. */
async function fetched(registry: ModelRegistry, number: string, work: string): Promise<Bundle | string> {
  try {
    return readBundle(await registry.fetch(number, work));
  } catch (error) {
    if (!TELLING.has(errorCodeOf(error))) throw error;
    return `version ${number} cannot be read: ${errorMessageOf(error)}`;
  }
}

interface Compared {
  readonly champion: string | null;
  readonly checks: readonly GateCheck[];
  readonly groups: readonly GroupRow[];
}

/** Against what decides now; a champion that reads other features cannot rank these rows, and the order that was shown stands in for it. */
async function compared(registry: ModelRegistry, candidate: Bundle, options: GateOptions, bounds: Bounds, work: string): Promise<Compared> {
  const production = await registry.at('production');
  const champion = production === null ? null : await fetched(registry, production.number, work);
  if (typeof champion === 'string') {
    return { champion: production!.number, checks: allFailed(STATISTICAL, `of the champion, ${champion}`), groups: [] };
  }
  const isComparable = champion !== null && champion.manifest.featureSet?.id === candidate.manifest.featureSet?.id;
  const opponent = isComparable ? champion.folder : null;
  const name = isComparable ? production!.number : null;
  try {
    const comparison = await compare(options, candidate.folder, opponent, options.onProgress);
    return { champion: name, checks: statisticalGates(comparison, bounds), groups: groupRows(comparison, bounds) };
  } catch (error) {
    if (!TELLING.has(errorCodeOf(error))) throw error;
    return { champion: name, checks: allFailed(STATISTICAL, errorMessageOf(error)), groups: [] };
  }
}

const allFailed = (names: readonly GateName[], reason: string): GateCheck[] => names.map((name) => failedClosed(name, reason));

function reportOf({ number, bundleVersion }: RegisteredVersion, { atMs }: GateOptions, { champion, checks, groups }: Compared): GateReport {
  const status = checks.every((check) => check.status !== 'failed') ? 'passed' : 'failed';
  return { number, bundleVersion, status, atMs, champion, checks, groups };
}
