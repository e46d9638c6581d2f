/** Everything that an installation holds of a learner, for the learner: GDPR articles 15 and 20. */
import { Mention } from './erasure/mention.js';
import { assertPlaces, placesOf, type Installation } from './erasure/places.js';

/** A line of an export: something that was found, or, after the lines of a store, how much there was. */
export type ExportLine =
  | { readonly store: string; readonly where: string; readonly value: unknown }
  | { readonly store: string; readonly found: number }
  /** Not looked into, and why: ask for it in another way. */
  | { readonly store: string; readonly unseen: string };

/** Goes through every store of the inventory that holds something personal. Of what is of several learners only the part that is of this one. @throws SFS_FILE_UNREADABLE for a place that is not there, and what reading throws */
export async function* exportLearner(installation: Installation, learner: string): AsyncGenerator<ExportLine> {
  assertPlaces(installation);
  const mention = new Mention(learner);
  for (const place of await placesOf(installation, mention)) {
    if (place.unseen !== null) {
      yield { store: place.store, unseen: place.unseen };
      continue;
    }
    let found = 0;
    for await (const { store, where, value, isUnlinkable } of place.found()) {
      if (isUnlinkable) continue;
      found++;
      yield { store, where, value };
    }
    yield { store: place.store, found };
  }
}
