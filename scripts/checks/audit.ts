/**
 * `npm run check:audit`: no dependency has a known weakness that the policy does not allow. `auditPolicy.json` says from which severity on one is
 * refused, and which are allowed: each with its advisory, a reason, and a day after which the reason has to be looked at again. Where the registry
 * does not answer, it says so aloud, and passes: a build must not depend on a server that is away.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './sourceFiles.js';

/** Severities, the least first. */
const SEVERITIES = ['info', 'low', 'moderate', 'high', 'critical'] as const;
type Severity = (typeof SEVERITIES)[number];

/** What is allowed although it is known. */
export interface AllowedAdvisory {
  /** Such as `GHSA-xxxx-xxxx-xxxx`. */
  readonly advisory: string;
  readonly reason: string;
  /** The last day on which it is allowed, such as `2027-01-31`. */
  readonly until: string;
}

/** What is refused, and what is not. */
export interface AuditPolicy {
  readonly refuses: { readonly dependencies: Severity; readonly development: Severity };
  readonly allowed: readonly AllowedAdvisory[];
}

/** An advisory as `npm audit --json` tells of it. */
interface Advisory {
  readonly name: string;
  readonly title: string;
  readonly url: string;
  readonly severity: Severity;
}

/** The part of `npm audit --json` that is read. */
export interface AuditReport {
  readonly vulnerabilities: Readonly<Record<string, { readonly via: readonly (string | Advisory)[] }>>;
}

/** What a report comes to. */
export interface Judgement {
  readonly refused: readonly string[];
  readonly allowed: readonly string[];
  /** Entries of the policy that are past their day, or that nothing needs any more. */
  readonly stale: readonly string[];
}

/** Compares reports with the policy. @param today - such as `2026-11-29` */
export function judged(reports: { readonly dependencies: AuditReport; readonly all: AuditReport }, policy: AuditPolicy, today: string): Judgement {
  const shipped = new Set(advisoriesOf(reports.dependencies).map(idOf));
  const [refused, allowed, met]: [string[], string[], Set<string>] = [[], [], new Set()];
  for (const advisory of [...advisoriesOf(reports.dependencies), ...advisoriesOf(reports.all)]) {
    const id = idOf(advisory);
    if (met.has(id)) continue;
    met.add(id);
    const place = shipped.has(id) ? 'dependencies' : 'development';
    if (SEVERITIES.indexOf(advisory.severity) < SEVERITIES.indexOf(policy.refuses[place])) continue;
    const text = `${id} (${advisory.severity}, ${place}): ${advisory.name}: ${advisory.title}`;
    const entry = policy.allowed.find((one) => one.advisory === id && one.until >= today);
    if (entry === undefined) refused.push(text);
    else allowed.push(`${text}; allowed until ${entry.until}: ${entry.reason}`);
  }
  const stale = policy.allowed.filter(({ advisory, until }) => until < today || !met.has(advisory));
  return { refused, allowed, stale: stale.map(({ advisory, until }) => `${advisory}, until ${until}`) };
}

const advisoriesOf = ({ vulnerabilities }: AuditReport): Advisory[] =>
  Object.values(vulnerabilities).flatMap(({ via }) => via.filter((one) => typeof one !== 'string'));

const idOf = ({ url }: Advisory): string => url.slice(url.lastIndexOf('/') + 1);

/** What `npm audit` says; `null` with the reason where it says nothing that can be read. */
function asked(args: readonly string[]): Promise<AuditReport | { readonly silent: string }> {
  const child = spawn('npm', ['audit', '--json', '--fetch-timeout=20000', '--fetch-retries=0', ...args], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
  return new Promise((resolve) => {
    child.on('error', () => resolve({ silent: 'npm cannot be run' }));
    child.on('close', () => resolve(reportIn(output)));
  });
}

/** A report, or why there is none. */
export function reportIn(output: string): AuditReport | { readonly silent: string } {
  try {
    const said = JSON.parse(output) as Partial<AuditReport> & {
      readonly message?: string;
      readonly error?: { readonly summary?: string; readonly code?: string };
    };
    if (said.vulnerabilities !== undefined) return { vulnerabilities: said.vulnerabilities };
    return { silent: said.error?.code ?? said.message ?? said.error?.summary ?? 'an answer without vulnerabilities' };
  } catch {
    return { silent: 'an answer that is no JSON' };
  }
}

async function main(): Promise<number> {
  const policy = JSON.parse(readFileSync(join(projectRoot, 'scripts', 'checks', 'auditPolicy.json'), 'utf8')) as AuditPolicy;
  const [dependencies, all] = await Promise.all([asked(['--omit=dev']), asked([])]);
  if ('silent' in dependencies || 'silent' in all) {
    const reason = 'silent' in dependencies ? dependencies.silent : (all as { readonly silent: string }).silent;
    console.log(`SKIPPED: the registry does not answer npm audit (${reason}): known weaknesses of dependencies were not looked for`);
    return 0;
  }
  const { refused, allowed, stale } = judged({ dependencies, all }, policy, new Date().toISOString().slice(0, 10));
  for (const one of allowed) console.log(`allowed: ${one}`);
  for (const one of stale) console.log(`the policy is out of date: ${one}`);
  for (const one of refused) console.log(`refused: ${one}`);
  console.log(`${refused.length} refused, ${allowed.length} allowed, ${stale.length} entries of the policy out of date`);
  return refused.length + stale.length === 0 ? 0 : 1;
}

if (process.argv[1] === import.meta.filename) process.exitCode = await main();
