/** The manifests of a region, as kustomize builds them, and as they lie beside their sources: the latter are checked where there is no kustomize, too. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { findProgram } from '../../scripts/services/programs.js';

/** Any value of a manifest. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** One object of Kubernetes; what stands in it is looked up by {@link at} and {@link listAt}. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<{
    name: string;
    namespace?: string;
    labels?: Readonly<Record<string, string>>;
    annotations?: Readonly<Record<string, string>>;
  }>;
  readonly [key: string]: unknown;
}

/** Whether it is of a kind of KEDA's: Kubernetes has no schema of them. */
export const isOfKeda = ({ apiVersion }: Manifest): boolean => apiVersion === 'keda.sh/v1alpha1';

const folder = join(projectRoot, 'deploy', 'kubernetes');

/** Names of the overlays: those of the regions. */
export const regions: readonly string[] = readdirSync(join(folder, 'overlays')).sort();

/** `kustomize`, or `kubectl`, which has it inside; `null` where there is neither. */
export const kustomize: string | null = findProgram(['kustomize', 'kubectl']);

const keptFile = (region: string): string => join(folder, 'built', `${region}.yaml`);

/** The text that lies in `deploy/kubernetes/built`: what was built last. */
export const keptText = (region: string): string => readFileSync(keptFile(region), 'utf8');

/** Keeps what was built. */
export const keepText = (region: string, text: string): void => writeFileSync(keptFile(region), text);

/** The text that would be applied. @param program - of {@link kustomize} */
export function builtText(program: string, region: string): string {
  const verb = basename(program).startsWith('kubectl') ? 'kustomize' : 'build';
  return execFileSync(program, [verb, join(folder, 'overlays', region)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

const documents = new Map<string, Manifest>();

/** Its objects. The same text of an object is read once: tests change one object of many. */
export function manifestsIn(text: string): Manifest[] {
  return text.split(/^---\n/m).map((document) => {
    if (!documents.has(document)) documents.set(document, parse(document) as Manifest);
    return documents.get(document)!;
  });
}

/** What stands under a path, such as `spec.template.spec`; `undefined` where nothing does. */
export function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined), value);
}

/** A list under a path; none where there is no list. */
export const listAt = (value: unknown, path: string): readonly unknown[] => {
  const found = at(value, path);
  return Array.isArray(found) ? found : [];
};

/** Text under a path; empty where there is none. */
export const textAt = (value: unknown, path: string): string => {
  const found = at(value, path);
  return typeof found === 'string' ? found : '';
};
