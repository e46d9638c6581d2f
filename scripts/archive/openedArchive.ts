/** Makes an archive in clear of one that stays sealed, for who works with it: of erased learners nothing is in it. */
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { SkillForgeError, physicalTopicName, schemaOf } from '../../schemas/index.js';
import type { LogRecord, ToolAccess } from '../../runtime/ports.js';
import { isUnlinkable } from '../../runtime/keys/openedRecord.js';
import type { ValueDecoder } from '../../runtime/replay/sides.js';
import { decoderOf, knownTopic } from '../commands/topicCodecs.js';
import { columnsOf, type ArchivedRecord } from './columns.js';
import { archivedFolder, committedFiles, commitsIn, writeCommit } from './commits.js';
import { writeDurably } from './durableFile.js';
import { archivePath, columnsFile, topicFolder } from './layout.js';
import { parquetBytes } from './partitionArchive.js';

/** What is opened, and where to. */
export interface OpenedArchiveOptions {
  readonly archive: string;
  readonly out: string;
  readonly region: string;
  /** Without the region. */
  readonly topics: readonly string[];
}

/** What came of a topic. */
export interface OpenedTopic {
  readonly topic: string;
  readonly records: number;
  /** Records under keys that were deleted: they have a row without values, so that counts agree. */
  readonly erased: number;
}

interface Row {
  readonly _partition: number;
  readonly _offset: bigint;
  readonly _event_time: Date | null;
  readonly _append_time: Date;
  readonly _key: string | null;
  readonly _tombstone: boolean;
  readonly _error: string | null;
  readonly _bytes: Uint8Array | null;
  readonly _sealed: Uint8Array | null;
}

/**
 * Opens topics file by file; what was opened before is written again, without who was erased since.
 * @throws SFS_ARCHIVE_MISSING, SFS_ARCHIVE_DAMAGED, SFS_ARCHIVE_CLEAR for one that is in clear, SFS_SCHEMA_UNKNOWN, SFS_FILE_UNWRITABLE, and what keys throw
 */
export async function openArchive(tools: ToolAccess, { archive, out, region, topics }: OpenedArchiveOptions): Promise<OpenedTopic[]> {
  const opened: OpenedTopic[] = [];
  for (const topic of topics) {
    const from = archivedFolder(archive, topic, region);
    const to = topicFolder(out, topic, region);
    const physical = physicalTopicName(region, topic);
    const known = knownTopic(tools, physical);
    if (known === null) throw new SkillForgeError('SFS_SCHEMA_UNKNOWN', `the schema of ${topic} is not known here`, { context: { topic } });
    const columns = columnsOf(schemaOf(known));
    const decode = decoderOf(tools, physical)!;
    let [records, erased] = [0, 0];
    for (const file of committedFiles(from)) {
      const rows = (await parquetReadObjects({ file: await asyncBufferFromFile(file.path), utf8: false })) as unknown as Row[];
      if (rows.some((row) => !('_sealed' in row))) throw notSealed(file.path);
      const read = await recordsOf(tools, physical, rows, decode);
      writeDurably(archivePath(to, file), parquetBytes(columns, read));
      records += read.length;
      erased += read.filter(({ unreadable }) => unreadable?.code === 'SFS_KEY_DELETED').length;
    }
    writeDurably(columnsFile(to), parquetBytes(columns, []));
    for (const commit of commitsIn(from)) writeCommit(to, commit, () => undefined);
    opened.push({ topic, records, erased });
  }
  return opened;
}

async function recordsOf(tools: ToolAccess, topic: string, rows: readonly Row[], decode: ValueDecoder): Promise<ArchivedRecord[]> {
  const lying = rows.map((row): LogRecord => {
    const bytes = row._sealed ?? row._bytes;
    const value = bytes === null || bytes === undefined ? null : Buffer.from(bytes);
    return {
      offset: Number(row._offset),
      appendTimeMs: row._append_time.getTime(),
      key: row._key === null ? null : Buffer.from(row._key),
      value,
      header: null,
    };
  });
  const opened = (await tools.opened?.(topic, lying)) ?? lying;
  return rows.map((row, at) => recordOf(row, opened[at]!, decode));
}

function recordOf(row: Row, record: LogRecord, decode: ValueDecoder): ArchivedRecord {
  const { offset, appendTimeMs, value } = record;
  const place = { partition: row._partition, offset, appendTimeMs, key: row._key, eventTimeMs: row._event_time?.getTime() ?? null };
  if (isUnlinkable(record)) return { ...place, value: null, unreadable: { code: 'SFS_KEY_DELETED', bytes: Buffer.alloc(0) } };
  if (value === null) return { ...place, value: null, unreadable: null };
  if (row._error !== null && row._error !== undefined) return { ...place, value: null, unreadable: { code: row._error, bytes: value } };
  return { ...place, value: decode(row._key ?? '', value) as ArchivedRecord['value'], unreadable: null };
}

const notSealed = (path: string): SkillForgeError =>
  new SkillForgeError('SFS_ARCHIVE_CLEAR', `${path} is of an archive in clear: there is nothing to open`, { context: { path } });
