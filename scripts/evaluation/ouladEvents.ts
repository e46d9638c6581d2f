/** The events of the OULAD data set, as an evaluation takes them. */
import { days } from '../../operators/index.js';
import { importOulad } from '../commands/ouladImport.js';
import type { FlowEvents } from './productionFlow.js';

/** What the files of a folder tell up to a cut. @param data - folder of the data set */
export const ouladEvents = (data: string): FlowEvents => ({
  inputs: { data },
  write: async (storage, { region, cutMs, onProgress }) => {
    await importOulad(storage, data, { region, untilEpochDay: cutMs / days(1) - 1, onProgress });
  },
});
