/** What is told of a reader: where its view lies, and what to ask it. */
import { join } from 'node:path';
import { Option } from 'commander';

/** `--view`. */
export const viewOption = (): Option => new Option('--view <dir>', 'folder of the view and of the deny list; by default "reader" in the data folder');

/** The folder of the view. */
export const viewFolderOf = ({ data, view }: { readonly data: string; readonly view?: string }): string => view ?? join(data, 'reader');

/** A request that a reader answers; about anybody where no learner is known. */
export const exampleRequest = (url: string, learner: string | null): string =>
  `${url}/v1/learners/${encodeURIComponent(learner ?? 'anybody')}/recommendations?explain=true`;
