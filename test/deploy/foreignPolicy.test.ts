/** A policy linter of others, with its rules for Kubernetes, over the same manifests: it was written without this project in mind. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isInstalled, programOf, setupCommand } from '../../scripts/ml/python.js';
import { newFolder } from '../fixtures/folders.js';
import { keptText, regions } from './kubernetesManifests.js';

/** Rules that are not kept, and why; each is told of what it would be told of. */
const NOT_KEPT: Readonly<Record<string, readonly [name: string, why: string]>> = {
  CKV_K8S_9: ['Readiness Probe Should be Configured', 'workers alone: nobody sends them anything, the consumer group gives them their work'],
  CKV_K8S_11: ['CPU limits should be set', 'a limit throttles a worker on a backlog, and its heartbeat with it, while the node is idle (ADR 0026)'],
  CKV_K8S_15: ['Image Pull Policy should be Always', 'a tag is a version, which never moves; a pod starts while the registry of images is away'],
  CKV_K8S_35: [
    'Prefer using secrets as files over secrets as environment variables',
    'the token of the key service: the program takes no file that a group may read, and a mounted secret always has one (ADR 0026)',
  ],
  CKV_K8S_43: ['Image should use digest', 'the digest is known to who builds the image, and is put in by the overlay that deploys it'],
};

/** Changes that it must refuse: without them a linter that looks at nothing would pass. */
const REFUSED = [
  ['readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: false', 'CKV_K8S_22'],
  ['allowPrivilegeEscalation: false', 'allowPrivilegeEscalation: true', 'CKV_K8S_20'],
  ['enableServiceLinks: false', 'hostNetwork: true', 'CKV_K8S_19'],
] as const;

interface Finding {
  readonly check_id: string;
  readonly check_name: string;
  readonly resource: string;
  readonly file_path: string;
}

interface Report {
  readonly results: { readonly failed_checks: readonly Finding[] };
  readonly summary: { readonly passed: number; readonly parsing_errors: number };
}

/** What it says of files of a folder, by the name of the file. */
function linted(texts: Readonly<Record<string, string>>): { readonly of: (name: string) => readonly Finding[]; readonly summary: Report['summary'] } {
  const folder = newFolder();
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
  const options = ['--framework', 'kubernetes', '--output', 'json', '--compact', '--quiet', '--skip-download'];
  const { stdout, stderr } = spawnSync(programOf('manifests', 'python'), ['-m', 'checkov.main', '--directory', folder, ...options], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  expect(stdout, stderr).toMatch(/^\{/);
  const { results, summary } = JSON.parse(stdout) as Report;
  return { of: (name) => results.failed_checks.filter(({ file_path }) => file_path.endsWith(name)), summary };
}

describe('the manifests under rules of others', () => {
  it('keep all but five, which are told with reasons, and would not without their guards', { timeout: 180_000 }, (context) => {
    context.skip(!isInstalled('manifests'), `checkov is missing: ${setupCommand('manifests')}`);
    const texts = Object.fromEntries(regions.map((region) => [`${region}.yaml`, keptText(region)]));
    const whole = texts[`${regions[0]!}.yaml`]!;
    const changed = REFUSED.map(([from, to, check]) => [`without-${check}.yaml`, whole.replace(from, to)] as const);
    for (const [name, text] of changed) expect(text, name).not.toBe(whole);

    const { of, summary } = linted({ ...texts, ...Object.fromEntries(changed) });
    expect(summary.parsing_errors).toBe(0);
    expect(summary.passed).toBeGreaterThan(1_000);
    for (const name of Object.keys(texts)) {
      const found = Object.fromEntries(of(name).map(({ check_id, check_name }) => [check_id, check_name]));
      expect(found, name).toEqual(Object.fromEntries(Object.entries(NOT_KEPT).map(([id, [rule]]) => [id, rule])));
      const unready = of(name).filter(({ check_id }) => check_id === 'CKV_K8S_9');
      expect(unready.every(({ resource }) => resource.includes('.worker-'))).toBe(true);
    }
    for (const [, , check] of REFUSED) expect(of(`without-${check}.yaml`).map(({ check_id }) => check_id)).toContain(check);
  });
});
