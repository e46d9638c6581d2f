/** What an installation has beside what its record lists: topics of its log, and entries of its folder. */
import { readdirSync } from 'node:fs';
import { parsePhysicalTopicName } from '../../schemas/index.js';
import type { ProcessingRecord, Unlisted } from './record.js';

/** What the name of a topic ends in that belongs to one version of the topology that writes it. */
const VERSION = /\.v[1-9]\d*$/;
/** A topology's own topic: its name, its version, and the stage. */
const INTERNAL = /^(.+)\.v[1-9]\d*\./;

/** Topics that are in no entry of the record. @param found - physical names; those of other regions are left out */
export function unlistedTopics(record: ProcessingRecord, region: string, found: readonly string[]): Unlisted[] {
  const listed = new Set(record.topics.map(({ name }) => name));
  const topologies = new Set(record.topologies.map(({ name }) => name));
  return found.flatMap((physical) => {
    const name = nameIn(region, physical);
    if (name === null) return [];
    const owner = INTERNAL.exec(name)?.[1];
    if (listed.has(name) || listed.has(name.replace(VERSION, '')) || (owner !== undefined && topologies.has(owner))) return [];
    return [{ kind: 'topic', name: physical, message: `the log has a topic ${physical} that is in no entry of the record` }];
  });
}

function nameIn(region: string, physical: string): string | null {
  try {
    const parsed = parsePhysicalTopicName(physical);
    return parsed.region === region ? parsed.name : null;
  } catch {
    return null;
  }
}

/** Entries of a folder that no store of the record claims; none where there is no such folder. */
export function unlistedEntries(record: ProcessingRecord, folder: string): Unlisted[] {
  const patterns = record.stores.flatMap(({ inFolder }) => inFolder).map(patternOf);
  return entriesOf(folder)
    .filter((entry) => !patterns.some((pattern) => pattern.test(entry)))
    .map((entry) => ({ kind: 'store', name: entry, message: `${folder} has an entry ${entry} that is of no store of the record` }));
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

const patternOf = (text: string): RegExp => new RegExp(`^${text.split('*').map(escaped).join('.*')}$`);

const escaped = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
