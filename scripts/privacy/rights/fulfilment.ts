/** Does what a learner asks for, by the same functions as the commands. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RightsKind } from '../../../schemas/index.js';
import { onDisk } from '../../fileWriting.js';
import { assertFolder, eraseLearner, lastReceipt, type ErasureOptions } from '../erasure/saga.js';
import type { Installation } from '../erasure/places.js';
import type { SigningKey } from '../erasure/signing.js';
import { writeExport } from '../exportFile.js';
import { exportLearner } from '../learnerExport.js';
import type { Said, Standing, StatementPlace } from '../statement.js';
import type { Request } from './newRequests.js';
import type { MadeFile } from './outcomes.js';

/** What requests are done with. */
export interface Fulfilment {
  readonly region: string;
  readonly key: SigningKey;
  /** Folder of the copies that learners ask for. */
  readonly exports: string;
  readonly onInstallation: <T>(work: (installation: Installation) => Promise<T>) => Promise<T>;
  readonly say: (place: StatementPlace, said: Said) => Promise<Standing>;
  /** See {@link ErasureOptions.reached}. */
  readonly reached?: ErasureOptions['reached'];
}

/** Done again it does the same again: an erasure goes on where it ended. @returns the file that came of it @throws as the commands do */
export async function fulfil(by: Fulfilment, request: Request): Promise<MadeFile | null> {
  switch (request.kind) {
    case 'ERASE':
      return by.onInstallation((installation) => erase(by, installation, request));
    case 'EXPORT':
      return by.onInstallation((installation) => copy(by, installation, request));
    case 'RESTRICT':
    case 'OBJECT':
    case 'CONSENT':
      await by.say({ region: by.region, learner: request.learner, atMs: request.atMs }, said(request.kind, !request.withdraw));
      return null;
  }
}

function said(kind: Exclude<RightsKind, 'ERASE' | 'EXPORT'>, holds: boolean): Said {
  if (kind === 'RESTRICT') return { restricted: holds };
  return kind === 'OBJECT' ? { objectsToProfiling: holds } : { consentProfiling: holds };
}

async function erase({ key, exports, reached }: Fulfilment, installation: Installation, { learner }: Request): Promise<MadeFile> {
  removeCopies(exports, key.digestOf(learner));
  await eraseLearner({ installation, learner, key, isServed: true, ...(reached && { reached }) });
  return madeFile(lastReceipt(installation, key, learner)!.path);
}

async function copy({ key, exports }: Fulfilment, installation: Installation, { learner, id }: Request): Promise<MadeFile> {
  if (installation.servers === undefined) assertFolder(installation);
  const path = join(exports, `${key.digestOf(learner)}-${createHash('sha256').update(id).digest('hex').slice(0, 16)}.jsonl`);
  await writeExport(exportLearner(installation, learner), path);
  return madeFile(path);
}

/** Copies that were made for the learner before. */
function removeCopies(exports: string, digest: string): void {
  if (!existsSync(exports)) return;
  for (const name of readdirSync(exports).filter((one) => one.startsWith(`${digest}-`))) {
    const path = join(exports, name);
    onDisk(path, () => rmSync(path, { force: true }));
  }
}

async function madeFile(path: string): Promise<MadeFile> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return { file: basename(path), sha256: hash.digest('hex') };
}
