/** The options of `reader` that say who may ask, how often, and from where. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { isLoopback, type AccessOptions, type ReaderOptions } from '../../reader/index.js';
import { issuerOf, withIssuerOptions, type IssuerFlags } from './issuerOptions.js';
import { nameList, wholeNumber } from './options.js';
import { viewFolderOf } from './readerView.js';

/** What is told of access. */
export interface ReaderAccessOptions extends IssuerFlags {
  readonly data: string;
  readonly view?: string;
  /** `true`: the file beside the view. */
  readonly keys?: string | true;
  readonly rateLimit?: number;
  readonly origins?: readonly string[];
}

/** File of API keys where none is named: beside the view. */
export const keyFileOf = (options: Pick<ReaderAccessOptions, 'data' | 'view' | 'keys'>): string =>
  typeof options.keys === 'string' ? options.keys : join(viewFolderOf(options), 'keys.json');

/** Gives `reader serve` its options of access. */
export function withAccessOptions(command: Command): Command {
  const keys = command.option('--keys [file]', 'ask for an API key of this file; by default "keys.json" beside the view');
  return withIssuerOptions(keys, 'reader', 'claim of a token that names the only learner it may read')
    .option('--rate-limit <n>', 'requests a minute of each key, token or address', wholeNumber(1))
    .option('--origins <list>', 'origins of web pages that may read the answers, with commas between', nameList);
}

/** The same for {@link ReaderOptions}. */
export function accessOf(options: ReaderAccessOptions): Pick<ReaderOptions, 'access' | 'perMinute' | 'origins'> {
  const { rateLimit, origins } = options;
  const access: AccessOptions = { ...(options.keys === undefined ? {} : { keyFile: keyFileOf(options) }), ...issuerOf(options) };
  return {
    ...(Object.keys(access).length > 0 ? { access } : {}),
    ...(rateLimit === undefined ? {} : { perMinute: rateLimit }),
    ...(origins === undefined ? {} : { origins }),
  };
}

/** Said aloud where whoever can reach the address can read of every learner; `null` where that is nobody else. */
export function openDoorWarning({ host, keys, issuer }: Pick<ReaderAccessOptions, 'keys' | 'issuer'> & { readonly host: string }): string | null {
  if (isLoopback(host) || keys !== undefined || issuer !== undefined) return null;
  return `WARNING: whoever reaches ${host} can read what is recommended to every learner. Give --keys or --issuer, or let a gateway ask.`;
}
