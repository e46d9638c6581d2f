/** The alerts as they lie in `deploy/prometheus/rules`. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';

/** Where the files of Prometheus lie. */
export const PROMETHEUS_FOLDER = join(projectRoot, 'deploy', 'prometheus');

/** One alert. */
export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

/** Whole paths of the files of a folder below {@link PROMETHEUS_FOLDER}. */
export const filesIn = (folder: string): string[] =>
  readdirSync(join(PROMETHEUS_FOLDER, folder)).map((name) => join(PROMETHEUS_FOLDER, folder, name));

/** Every alert by its name. */
export function alerts(): (readonly [name: string, alert: Alert])[] {
  const files = filesIn('rules').map((path) => parse(readFileSync(path, 'utf8')) as { readonly groups: readonly { readonly rules: Alert[] }[] });
  return files.flatMap(({ groups }) => groups.flatMap(({ rules }) => rules.map((rule) => [rule.alert, rule] as const)));
}
