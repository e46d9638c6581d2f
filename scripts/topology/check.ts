import { readFileSync } from 'node:fs';
import { SkillForgeError } from '../../schemas/index.js';
import { batchWorkOf, checkAsynchrony, type BatchWorkScope } from './check/asynchrony.js';
import { buildFunctionOf, checkDefaultExport, checkStageIds } from './check/declaration.js';
import { checkDeterminism } from './check/determinism.js';
import { checkHiddenState } from './check/hiddenState.js';
import { checkImports, sourcePathOf, type FollowedImport } from './check/imports.js';
import { checkRxjsUse } from './check/rxjsUse.js';
import { TopologySource, type Finding } from './check/source.js';

export type { Finding } from './check/source.js';

/**
 * What in a topology file would make a replay differ from living it: RxJS operators with hidden state, asynchronous work,
 * clocks and randomness, state in closures, imports from outside of the language, computed ids, a missing default export.
 * Works on the syntax alone: nothing is executed, and no other file is read. Findings are in order of position.
 *
 * @param fileName - where relative imports start from
 */
export function checkTopologySource(fileName: string, sourceText: string): Finding[] {
  return inOrder(checkSource(fileName, sourceText, ENTRY).source.findings);
}

/**
 * Checks a topology file and the files that it imports by relative paths.
 * @throws SFS_TOPOLOGY_UNREADABLE when the file cannot be read
 */
export function checkTopologyFile(path: string): Finding[] {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  const pending: Pending[] = [{ path, how: ENTRY }];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    // A file is checked anew where a batch takes other names from it.
    const visit = `${next.path} ${[...next.how.workNames].sort().join(' ')}`;
    if (seen.has(visit)) continue;
    seen.add(visit);
    const checked = checkSource(next.path, readSource(next.path), next.how);
    pending.push(...followedFiles(checked));
    findings.push(...inOrder(checked.source.findings));
  }
  return distinct(findings);
}

/** Findings for people and editors: `file:line:column code message`. */
export function findingsAsText(findings: readonly Finding[]): string {
  return findings.map((one) => `${one.file}:${one.line}:${one.column} ${one.code} ${one.message}\n`).join('');
}

interface How {
  /** The topology's own file, which exports it. */
  readonly isEntry: boolean;
  /** Names that the work of a batch takes from this file. */
  readonly workNames: ReadonlySet<string>;
}

interface Pending {
  readonly path: string;
  readonly how: How;
}

const ENTRY: How = { isEntry: true, workNames: new Set() };

/** A file with its findings, and what it imports from files next to it. */
interface Checked {
  readonly source: TopologySource;
  readonly imports: readonly FollowedImport[];
  readonly work: BatchWorkScope;
}

function checkSource(fileName: string, text: string, how: How): Checked {
  const source = new TopologySource(fileName, text);
  const work = batchWorkOf(source, how.workNames);
  const buildFunction = buildFunctionOf(source);
  const imports = checkImports(source);
  checkRxjsUse(source, buildFunction);
  checkAsynchrony(source, work);
  checkDeterminism(source);
  checkHiddenState(source, buildFunction);
  checkStageIds(source);
  if (how.isEntry) checkDefaultExport(source);
  return { source, imports, work };
}

function followedFiles({ source, imports, work }: Checked): Pending[] {
  return imports.flatMap(({ path, specifier }) => {
    const found = sourcePathOf(path);
    if (found !== null) return [{ path: found, how: { isEntry: false, workNames: work.imports.get(specifier.text) ?? new Set<string>() } }];
    source.refuse('SFS_CHECK_IMPORT', specifier, 'there is no such file, so this check cannot see what it does: correct the path');
    return [];
  });
}

const inOrder = (findings: readonly Finding[]): Finding[] => [...findings].sort((a, b) => a.line - b.line || a.column - b.column);

function readSource(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SkillForgeError('SFS_TOPOLOGY_UNREADABLE', `the topology file ${path} cannot be read`, { cause, context: { path } });
  }
}

function distinct(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((one) => [`${one.file}:${one.line}:${one.column}:${one.code}`, one])).values()];
}
