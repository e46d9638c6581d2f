/** An OpenBao of a test file's own. */
import { beforeAll, beforeEach } from 'vitest';
import { errorCodeOf, errorMessageOf } from '../../../schemas/index.js';
import { startServices, type OpenBao } from '../../../scripts/services/index.js';
import { atEndOfFile } from '../../fixtures/endOfFile.js';

/** A server of Go starts in a second; a machine that runs tests may be busy. */
export const SLOW_MS = 240_000;

/** That of a file; to be asked for in its tests. */
export interface OpenBaoOfFile {
  readonly bao: OpenBao;
}

/** Starts one before the tests of this file, which are skipped, and say so, where it is not installed. @param nodes - servers */
export function openBaoOfFile(nodes: 1 | 3): OpenBaoOfFile {
  let bao: OpenBao | null = null;
  let missing: string | null = null;
  beforeAll(async () => {
    try {
      bao = await started(nodes);
    } catch (error) {
      if (errorCodeOf(error) !== 'SFS_SERVICE_MISSING') throw error;
      missing = errorMessageOf(error);
    }
  }, SLOW_MS);
  beforeEach((context) => context.skip(missing !== null, missing ?? ''));
  return {
    get bao() {
      if (bao === null) throw new Error('it has not started');
      return bao;
    },
  };
}

async function started(nodes: 1 | 3): Promise<OpenBao> {
  const services = await startServices({ openBao: nodes });
  atEndOfFile(() => services.close());
  return services.openBao!;
}
