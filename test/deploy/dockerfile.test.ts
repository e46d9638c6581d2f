/** The Dockerfile, which nobody has built here: there is no Docker engine. A linter reads it, and so do these tests. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { isInstalled, programOf, setupCommand } from '../../scripts/ml/python.js';

const read = (name: string): string => readFileSync(join(projectRoot, name), 'utf8');
const text = read('Dockerfile');
/** Instructions with their words, of lines that were continued. */
const instructions = text
  .replace(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => /^[A-Z]/.test(line));
const image = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));
const { engines, files } = JSON.parse(read('package.json')) as { readonly engines: { readonly node: string }; readonly files: readonly string[] };

/** Codes of what the linter finds. Skips the test where it is not there. */
function linted(context: TestContext, dockerfile: string): readonly string[] {
  context.skip(!isInstalled('manifests'), `hadolint is missing: ${setupCommand('manifests')}`);
  const { stdout } = spawnSync(programOf('manifests', 'hadolint'), ['--format', 'json', '-'], { input: dockerfile, encoding: 'utf8' });
  return (JSON.parse(stdout) as { readonly code: string }[]).map(({ code }) => code);
}

describe('the Dockerfile', () => {
  it('has nothing that hadolint refuses', (context) => {
    expect(linted(context, text)).toEqual([]);
  });

  it.for([
    ['DL3007', 'FROM node:latest AS image', /^FROM .* AS image$/m],
    ['DL3002', 'USER root', /^USER .*$/m],
    ['DL3015', 'install -y ', /install -y --no-install-recommends /],
    ['DL3020', 'ADD models', /^COPY --from=build \/app\/models/m],
  ] as const)('would be refused by hadolint (%s) with "%s"', ([code, to, from], context) => {
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    expect(linted(context, changed)).toContain(code);
  });

  it('lets one rule of hadolint go: versions of Debian packages, which Debian removes when they are mended', () => {
    expect([...text.matchAll(/hadolint ignore=(\S+)/g)].map((match) => match[1])).toEqual(['DL3008', 'DL3008']);
  });

  it('runs as a user with a number, who is not root, and who may write data alone', () => {
    expect(image.filter((line) => line.startsWith('USER '))).toEqual(['USER 10001:10001']);
    expect(image.filter((line) => line.includes('--chown'))).toEqual([]);
    expect(image.join('\n')).toContain('VOLUME ["/var/lib/skillforge"]');
    const manifests = ['workers', 'reader', 'gateway'].map((name) => read(`deploy/kubernetes/base/${name}.yaml`)).join('\n');
    expect(new Set(manifests.match(/runAsUser: \d+/g))).toEqual(new Set(['runAsUser: 10001']));
  });

  it('is built on one Node, by an exact version that the package supports', () => {
    const [, major, minor] = /^ARG NODE_IMAGE=node:(\d+)\.(\d+)\.\d+-bookworm-slim$/m.exec(text)!;
    const [, least, leastMinor] = /^>=(\d+)\.(\d+)$/.exec(engines.node)!;
    expect(Number(major)).toBe(Number(least));
    expect(Number(minor)).toBeGreaterThanOrEqual(Number(leastMinor));
    expect(instructions.filter((line) => line.startsWith('FROM ')).map((line) => line.split(' ')[1])).toEqual(['${NODE_IMAGE}', '${NODE_IMAGE}']);
  });

  it('has in it what the package has, but for the documents', () => {
    const copied = image
      .flatMap((line) => (line.startsWith('COPY --from=build ') ? line.split(' ').slice(2, -1) : []))
      .map((path) => path.replace('/app/', ''));
    const wanted = files.filter((file) => file !== 'docs');
    expect(wanted.filter((file) => !copied.some((path) => file === path || file.startsWith(`${path}/`)))).toEqual([]);
    expect(copied).toContain('node_modules');
  });

  it('is given sources that are there, and nothing of this machine', () => {
    const lines = read('.dockerignore').split('\n');
    const given = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    expect(lines[1]).toBe('**');
    expect(given.filter((name) => !existsSync(join(projectRoot, name)))).toEqual([]);
    const copied = instructions.filter((line) => /^COPY (?!--from)/.test(line)).flatMap((line) => line.split(' ').slice(1, -1));
    expect(copied.filter((name) => name !== '.' && !given.includes(name))).toEqual([]);
    for (const name of ['.git', 'ml', 'docs', 'test', 'node_modules']) expect(given).not.toContain(name);
  });
});
