/** What containers ask for is what the table of requests says, which says what that rests on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REQUESTS, headroom, requestRows, type ContainerRequest } from '../../scripts/capacity/requests.js';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { containersOf } from './kubernetesContainers.js';
import { at, keptText, manifestsIn, regions } from './kubernetesManifests.js';

type Asked = Readonly<Record<string, { readonly milliCores: number; readonly memoryMiB: number }>>;

/** Thousandths of a core: `500m`, `1`. */
const milliCores = (text: string): number => (text.endsWith('m') ? Number(text.slice(0, -1)) : 1_000 * Number(text));
const memoryMiB = (text: string): number => Number(text.slice(0, -2)) * ({ Mi: 1, Gi: 1_024 }[text.slice(-2)] ?? Number.NaN);

const askedIn = (text: string): Asked =>
  Object.fromEntries(
    containersOf(manifestsIn(text)).map(({ part, json }) => {
      const asked = (what: string): string => String(at(json, `resources.requests.${what}`));
      return [part, { milliCores: milliCores(asked('cpu')), memoryMiB: memoryMiB(asked('memory')) }];
    }),
  );

const table: Asked = Object.fromEntries(
  Object.entries<ContainerRequest>(REQUESTS).map(([part, { milliCores: cpu, memoryMiB: memory }]) => [part, { milliCores: cpu, memoryMiB: memory }]),
);

const rows = Object.entries<ContainerRequest>(REQUESTS).flatMap(([part, { cpu, memory, ...asked }]) => [
  { what: `${part}, processor`, asked: asked.milliCores, use: cpu },
  { what: `${part}, memory`, asked: asked.memoryMiB, use: memory },
]);

describe('what containers ask for', () => {
  it.for(regions)('is what the table says: %s', (region) => {
    expect(askedIn(keptText(region))).toEqual(table);
  });

  it.for([
    ['cpu: 250m', 'cpu: 300m'],
    ['memory: 768Mi', 'memory: 1Gi'],
    ['memory: 1536Mi', 'memory: 1536M'],
  ] as const)('is told apart from the table: %s as %s', ([from, to]) => {
    // The last of its kind is the request: limits stand before it.
    const text = keptText('eu-west');
    const place = text.lastIndexOf(from);
    expect(place).toBeGreaterThan(0);
    expect(askedIn(text.slice(0, place) + to + text.slice(place + from.length))).not.toEqual(table);
  });

  it.for(rows)('is no less than what a process uses, or says that nobody knows: $what', ({ asked, use }) => {
    if (use.kind === 'unmeasured') expect([headroom(asked, use), use.note.length > 20]).toEqual([null, true]);
    else expect(headroom(asked, use)).toBeGreaterThan(1.2);
  });

  it.for(rows.filter(({ use }) => use.kind === 'measured'))('is measured where it says, in these words: $what', ({ use }) => {
    if (use.kind !== 'measured') throw new Error('filtered');
    expect(readFileSync(join(projectRoot, use.page), 'utf8')).toContain(use.quote);
    const numbers = [...use.quote.matchAll(/(\d+) (MB|MiB)/g)].map(([, value, unit]) =>
      unit === 'MB' ? (Number(value) * 1e6) / 2 ** 20 : Number(value),
    );
    expect(numbers).toContainEqual(use.value);
  });

  it('is told row by row', () => {
    expect(requestRows((page) => page).map(([what]) => what!.replaceAll('`', ''))).toEqual(rows.map(({ what }) => what));
  });
});
