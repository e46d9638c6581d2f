import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../../../scripts/checks/sourceFiles.js';
import { CARD_HEADINGS, cardGate, digestGate, regionGate, sizeGate } from '../../../../scripts/models/gates/bundleGates.js';
import { boundsWith } from '../../../../scripts/models/gates/thresholds.js';
import { readBundle, type Bundle } from '../../../../runtime/models/bundle.js';
import { BUNDLE, REGION, copyOf, refile, remanifest } from '../../../runtime/models/fixture.js';

const DEMO = join(projectRoot, 'models', 'demo');

describe('the digest', () => {
  it('is that of the bundle that was registered', () => {
    const bundle = readBundle(BUNDLE);
    expect(digestGate(bundle, { digest: bundle.digest })).toMatchObject({ name: 'digest', status: 'passed', value: bundle.digest });
  });

  it('fails a bundle that says something else, whose own digests are right', () => {
    const { digest } = readBundle(BUNDLE);
    const other = copyOf();
    remanifest(other, { trainedUntilMs: 1 });
    expect(digestGate(readBundle(other), { digest })).toMatchObject({ status: 'failed', bound: digest });
  });
});

describe('the region', () => {
  it('is that of the run, the bundle and the registration', () => {
    expect(regionGate(readBundle(BUNDLE), { region: REGION }, REGION)).toMatchObject({ name: 'region', status: 'passed', value: REGION });
  });

  it.each([
    ['the run is elsewhere', REGION, REGION, 'us-east'],
    ['it was registered for another', REGION, 'us-east', REGION],
    ['it was trained for another', 'us-east', REGION, REGION],
  ])('fails where %s', (_, trained, registered, run) => {
    const folder = copyOf();
    remanifest(folder, { region: trained });
    const check = regionGate(readBundle(folder), { region: registered }, run);
    expect(check).toMatchObject({ status: 'failed', value: trained, bound: run });
    expect(check.reason).toContain(`trained for ${trained} and registered for ${registered}`);
  });
});

describe('the model card', () => {
  const card = CARD_HEADINGS.map((heading) => `## ${heading}\n\nSome words.\n`);
  const withCard = (text: string | null): Bundle => {
    const folder = copyOf();
    refile(folder, 'model-card.md', text);
    return readBundle(folder);
  };

  it('is whole where training wrote it', () => {
    expect(cardGate(readBundle(DEMO))).toMatchObject({ name: 'card', status: 'passed', value: CARD_HEADINGS.length });
  });

  it.each(CARD_HEADINGS)('fails without %s, and without words under it', (heading) => {
    const rest = card.filter((section) => !section.startsWith(`## ${heading}\n`));
    for (const text of [rest.join('\n'), [...rest, `## ${heading}\n\n`].join('\n')]) {
      const check = cardGate(withCard(`# A model\n\n${text}`));
      expect(check).toMatchObject({ status: 'failed', value: CARD_HEADINGS.length - 1 });
      expect(check.reason).toContain(heading);
    }
  });

  it('does not take the words of another card for its own', () => {
    const [, ...rest] = card;
    expect(cardGate(withCard(`# A model\n\n${rest.join('\n')}\n# What retrieval learnt\n\n${card.join('\n')}`))).toMatchObject({ status: 'failed' });
    expect(cardGate(withCard(`# A model\n\n${card.join('\n')}\n# What retrieval learnt\n`))).toMatchObject({ status: 'passed' });
  });

  it('fails where there is none', () => {
    expect(cardGate(withCard(null))).toMatchObject({ status: 'failed', value: 0 });
  });
});

describe('the size', () => {
  it('is that of all files, and fails above its bound', () => {
    const bundle = readBundle(BUNDLE);
    const bytes = Object.keys(bundle.manifest.files).reduce((sum, name) => sum + bundle.file(name)!.length, 0);
    expect(sizeGate(bundle, boundsWith())).toMatchObject({ name: 'size', status: 'passed', value: Number((bytes / 1e6).toFixed(3)) });
    expect(sizeGate(bundle, boundsWith({ size: (bytes - 1) / 1e6 }))).toMatchObject({ status: 'failed' });
  });
});
