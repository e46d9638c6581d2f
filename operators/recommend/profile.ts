import type { LearnerProfile, Opened } from '../../schemas/index.js';

/** What is known of a learner from outside. */
export type Profile = Opened<LearnerProfile>;

/** The newer of two profiles, with the objection and the restriction of the older one where the newer says nothing of them. */
export function newerProfile(known: Profile | null, told: Profile): Profile {
  if (known === null) return told;
  const [before, after] = known.updatedAtMs > told.updatedAtMs ? [told, known] : [known, told];
  const { objectsToProfiling, restricted } = before.personal;
  const { personal } = after;
  const kept = { objectsToProfiling: personal.objectsToProfiling ?? objectsToProfiling, restricted: personal.restricted ?? restricted };
  return { ...after, personal: { ...personal, ...kept } };
}

/** Whether data of the learner may be kept and no more. */
export const isRestricted = (profile: Profile | null): boolean => profile?.personal.restricted === true;

/** Whoever objects, or whose data may only be kept, is not profiled, whatever they agreed to. */
export const isProfiled = (profile: Profile | null): boolean =>
  profile !== null && profile.personal.consentProfiling && profile.personal.objectsToProfiling !== true && !isRestricted(profile);
