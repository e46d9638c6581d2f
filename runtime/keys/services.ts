import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { KeyService } from '../../schemas/index.js';
import { FileKeyService, makeKeyFile } from './fileKeyService.js';
import { TransitKeyService } from './transitKeyService.js';

/** Where a key-encryption key is: a file, or a key of a transit engine. Holds no secret. */
export type KeyServicePlace =
  | { readonly file: string }
  /** `tokenFile` has the token; without it the environment has it, as `SKILLFORGE_KEYS_TOKEN`. */
  | { readonly url: string; readonly tokenFile?: string };

/** The place that a text names: a URL, or a path. */
export function placeOfService(text: string, tokenFile?: string): KeyServicePlace {
  if (!/^https?:\/\//.test(text)) return { file: resolve(text) };
  return { url: text, ...(tokenFile === undefined ? {} : { tokenFile: resolve(tokenFile) }) };
}

/** The service at a place. @throws SFS_KEY_SERVICE_URL */
export function serviceOf(place: KeyServicePlace): KeyService {
  if ('file' in place) return new FileKeyService(place.file);
  const { url, tokenFile } = place;
  return new TransitKeyService({ url, token: tokenFile === undefined ? { text: process.env['SKILLFORGE_KEYS_TOKEN'] ?? '' } : { file: tokenFile } });
}

/** Makes the file of a key-encryption key where there is none. @throws SFS_KEYS_UNWRITABLE */
export function makeService(place: KeyServicePlace): void {
  if ('file' in place && !existsSync(place.file)) makeKeyFile(place.file);
}
