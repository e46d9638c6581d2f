/** What KEDA is told is what KEDA knows, to the last field: Kubernetes has no schema of its kinds, and KEDA drops what it does not know. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { isOfKeda, keptText, manifestsIn, regions } from './kubernetesManifests.js';

const SCHEMA = join('test', 'fixtures', 'keda', 'schema-2.16.json');

type Validate = ((value: unknown) => boolean) & { readonly errors?: readonly { readonly instancePath: string; readonly message?: string }[] | null };

// The validator of fastify, in the version that the schema is of.
const fromCompiler = createRequire(createRequire(createRequire(import.meta.url).resolve('fastify')).resolve('@fastify/ajv-compiler'));
const { Ajv2020 } = fromCompiler('ajv/dist/2020.js') as { Ajv2020: new (options: object) => { compile(schema: object): Validate } };
const validate = new Ajv2020({ allErrors: true, strict: true }).compile(JSON.parse(readFileSync(join(projectRoot, SCHEMA), 'utf8')) as object);

/** What the schema refuses in a text, and where. */
const refusedIn = (text: string): string[] =>
  manifestsIn(text)
    .filter(isOfKeda)
    .flatMap((one) => {
      if (validate(one)) return [];
      const why = (validate.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`);
      return [`${one.kind}/${one.metadata.name}: ${why.join('; ')}`];
    });

describe('the manifests for KEDA', () => {
  it.for(regions)('are what KEDA 2.16 knows: %s', (region) => {
    const text = keptText(region);
    expect(
      manifestsIn(text)
        .filter(isOfKeda)
        .map(({ kind, metadata }) => `${kind}/${metadata.name}`)
        .sort(),
    ).toEqual(['ScaledObject/worker-courses', 'ScaledObject/worker-events', 'ScaledObject/worker-recommendations', 'TriggerAuthentication/kafka']);
    expect(refusedIn(text)).toEqual([]);
  });

  it.for([
    ['an optional field that is misspelt', 'pollingInterval: 15', 'pollInterval: 15'],
    ['one within', 'stabilizationWindowSeconds: 900', 'stabilisationWindowSeconds: 900'],
    ['a parameter of the trigger that is misspelt', 'offsetResetPolicy: earliest', 'offsetResetPolice: earliest'],
    ['a value that the trigger does not know', 'offsetResetPolicy: earliest', 'offsetResetPolicy: first'],
    ['a number where KEDA takes text alone', /lagThreshold: "(\d+)"/, 'lagThreshold: $1'],
    ['a field that a later version has', 'failureThreshold: 4', 'failureThreshold: 4\n    behavior: static'],
    ['half of a fallback', /failureThreshold: 4\n/, '\n'],
    ['a secret without its key', /- key: ca.pem\n\s+name:/, '- name:'],
  ] as const)('are refused with %s', ([, from, to]) => {
    const text = keptText('eu-west');
    const changed = text.replace(from, to);
    expect(changed, 'the change finds its place').not.toBe(text);
    expect(refusedIn(changed)).toHaveLength(1);
  });

  it('are for the version that people are told to have', () => {
    const told = (path: string): string[] =>
      [...readFileSync(join(projectRoot, path), 'utf8').matchAll(/KEDA\]?(?:\(\S+\))? (2\.\d+)/g)].map(([, version]) => version!);
    expect([...new Set(['docs/how-to/deploy-a-region.md', 'docs/adr/0026-kubernetes.md'].flatMap(told))]).toEqual(['2.16']);
  });
});
