import { SkillForgeError } from '../../schemas/index.js';

/** How compatible the versions of a subject must be, as registries name it. */
export const COMPATIBILITIES = ['NONE', 'BACKWARD', 'BACKWARD_TRANSITIVE', 'FORWARD', 'FORWARD_TRANSITIVE', 'FULL', 'FULL_TRANSITIVE'] as const;

/** One of {@link COMPATIBILITIES}. */
export type Compatibility = (typeof COMPATIBILITIES)[number];

/** How to reach a schema registry with Confluent's interface. */
export interface RegistryOptions {
  /** Base address, such as `https://registry:8081`. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM texts, for an `https` address; the certificates of the system without. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** What the subjects that this project writes have; `FULL_TRANSITIVE` without: old and new workers read what is in the log side by side. */
  readonly compatibility?: Compatibility;
  /** How long one request may take, ms; 10,000 without. */
  readonly timeoutMs?: number;
  /** Takes warnings, a line each; `process.emitWarning` without. */
  readonly onWarning?: (warning: string) => void;
}

/** {@link RegistryOptions} with its defaults. */
export type FullRegistryOptions = RegistryOptions & Required<Pick<RegistryOptions, 'compatibility' | 'timeoutMs' | 'onWarning'>>;

/** Checks options, and fills in what was left out. @throws SFS_REGISTRY_OPTION */
export function withDefaults(options: RegistryOptions): FullRegistryOptions {
  const full = { compatibility: 'FULL_TRANSITIVE', timeoutMs: 10_000, onWarning: (line: string) => process.emitWarning(line), ...options } as const;
  // The address is in no message: it may hold a password.
  if (!URL.canParse(full.url) || !/^https?:$/.test(new URL(full.url).protocol)) throw invalid('the address does not begin with http:// or https://');
  if (!COMPATIBILITIES.includes(full.compatibility)) throw invalid(`compatibility is one of ${COMPATIBILITIES.join(', ')}`);
  return full;
}

function invalid(reason: string): SkillForgeError {
  return new SkillForgeError('SFS_REGISTRY_OPTION', `schema registry: ${reason}`);
}
