/** Gates that look at the files of a bundle: is it what was registered, whose is it, does it say what it is, how large is it. */
import type { Bundle } from '../../../runtime/models/bundle.js';
import type { RegisteredVersion } from '../../../runtime/models/registry/index.js';
import { checked, type GateCheck } from './gate.js';
import type { Bounds } from './thresholds.js';

/** The bundle is the one that was registered. Its files have been compared with their digests when it was read. */
export function digestGate({ digest }: Bundle, registered: Pick<RegisteredVersion, 'digest'>): GateCheck {
  const isSame = digest === registered.digest;
  const reason = isSame ? 'every file is as it was registered' : 'it is another bundle than the one that was registered';
  return checked('digest', isSame, { value: digest, bound: registered.digest, reason });
}

/** The bundle was trained for the region in which it would decide, and registered for it. */
export function regionGate({ manifest }: Bundle, registered: Pick<RegisteredVersion, 'region'>, region: string): GateCheck {
  const isSame = manifest.region === region && registered.region === region;
  const reason = isSame
    ? 'trained and registered for this region'
    : `models do not cross regions: it was trained for ${manifest.region} and registered for ${registered.region}`;
  return checked('region', isSame, { value: manifest.region, bound: region, reason });
}

/** What a model card has to tell (Mitchell et al., "Model Cards for Model Reporting", FAT* 2019). */
export const CARD_HEADINGS = ['Intended use', 'Model', 'Data', 'Groups of learners', 'Limits'] as const;

const CARD = 'model-card.md';

/** The card has every heading, with text beneath it. What stands under a second title, such as the card of the retrieval, does not count. */
export function cardGate(bundle: Bundle): GateCheck {
  const sections = sectionsOf(bundle.file(CARD)?.toString('utf8') ?? '');
  const missing = CARD_HEADINGS.filter((heading) => (sections.get(heading) ?? '') === '');
  const reason = missing.length === 0 ? 'the card tells all that it has to' : `${CARD} says nothing under: ${missing.join(', ')}`;
  return checked('card', missing.length === 0, { value: CARD_HEADINGS.length - missing.length, bound: CARD_HEADINGS.length, reason });
}

/** Text by heading, of the first part of a document. */
function sectionsOf(text: string): Map<string, string> {
  const [first = ''] = text.replace(/^# .*\n/, '').split(/^# /m);
  const [, ...sections] = first.split(/^## /m);
  return new Map(
    sections.map((section) => {
      const [heading = '', ...lines] = section.split('\n');
      return [heading.trim(), lines.join('\n').trim()];
    }),
  );
}

/** The files together are no larger than they may be. */
export function sizeGate({ manifest, file }: Bundle, bounds: Bounds): GateCheck {
  const bytes = Object.keys(manifest.files).reduce((sum, name) => sum + file(name)!.length, 0);
  const megabytes = bytes / 1e6;
  return checked('size', megabytes <= bounds.size, { value: Number(megabytes.toFixed(3)), bound: bounds.size, reason: 'MB of all files' });
}
