/** Where the view of the reader lies. */
import { join } from 'node:path';
import { Option } from 'commander';

/** `--view`. */
export const viewOption = (): Option => new Option('--view <dir>', 'folder of the view and of the deny list; by default "reader" in the data folder');

/** The folder of the view. */
export const viewFolderOf = ({ data, view }: { readonly data: string; readonly view?: string }): string => view ?? join(data, 'reader');
