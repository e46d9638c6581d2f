/** Where a gateway keeps the identity map and the identities of events. */
import { join } from 'node:path';
import { Option } from 'commander';

/** `--gateway-folder`. */
export function gatewayFolderOption(): Option {
  return new Option('--gateway-folder <dir>', 'folder of the identity map and of the identities of events; by default "gateway" in the data folder');
}

/** The folder that options name. */
export const gatewayFolderOf = ({ data, gatewayFolder }: { readonly data: string; readonly gatewayFolder?: string }): string =>
  gatewayFolder ?? join(data, 'gateway');
