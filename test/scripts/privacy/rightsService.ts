/** What the command serves requests with, for tests that look into it, or set its clock. It needs no test to run in. */
import { join } from 'node:path';
import { localTools } from '../../../runtime/localTools.js';
import { readingFolder, withFolder } from '../../../scripts/commands/folder.js';
import { mainDigest, type Installation } from '../../../scripts/privacy/erasure/places.js';
import { SigningKey } from '../../../scripts/privacy/erasure/signing.js';
import { sayInFolder } from '../../../scripts/privacy/consentAnew.js';
import { fulfil, type Fulfilment } from '../../../scripts/privacy/rights/fulfilment.js';
import { serveRights, type RightsService, type ToldOutcome } from '../../../scripts/privacy/rights/serving.js';
import { RequestsUnderWay } from '../../../scripts/privacy/rights/underWay.js';

/** Serves what has come to a folder. @returns what came of it */
export async function serveOnce(
  installation: Installation,
  { clock, ...by }: Pick<Fulfilment, 'exports' | 'reached'> & Pick<RightsService, 'clock'>,
): Promise<ToldOutcome[]> {
  const { data, region, view } = installation;
  const told: ToldOutcome[] = [];
  const fulfilment: Fulfilment = {
    ...by,
    region,
    key: SigningKey.at(join(data, 'erasures', 'receipts.key')),
    onInstallation: (work) => work(installation),
    say: (place, said) => withFolder(data, (storage) => sayInFolder(storage, view, place, said)),
  };
  const service: RightsService = {
    region,
    underWay: RequestsUnderWay.open(join(data, 'erasures'), mainDigest(installation)),
    reading: (work) => readingFolder(data, (storage) => work(localTools(storage))),
    writing: (work) => withFolder(data, (storage) => work(localTools(storage))),
    fulfil: (request) => fulfil(fulfilment, request),
    told: (outcome) => told.push(outcome),
    onUnusable: (place, code) => {
      throw new Error(`${place}: ${code}`);
    },
    ...(clock && { clock }),
  };
  await serveRights(service, { untilEnd: true, stopped: new AbortController().signal });
  return told;
}
