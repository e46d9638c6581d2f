/** A table in a Parquet file, written row by row. */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SchemaElement } from 'hyparquet';
import { ParquetWriter, fileWriter } from 'hyparquet-writer';
import type { FeatureType, FeatureValue, ScalarType, ScalarValue } from '../../operators/featureViews/featureView.js';
import { onDisk } from '../fileWriting.js';

/** A column. `INSTANT` is an instant in UTC, told in microseconds since epoch. */
export interface TableColumn {
  readonly name: string;
  readonly type: FeatureType | 'INSTANT';
}

/** How values of a type lie in Parquet. */
interface Physical {
  readonly leaf: Omit<SchemaElement, 'name'>;
  readonly convert: (value: ScalarValue) => unknown;
}

const asIs = (value: ScalarValue): unknown => value;
const asLong = (value: ScalarValue): unknown => BigInt(value as number | bigint);
const instant = (unit: 'MICROS', convert: (value: ScalarValue) => unknown): Physical => ({
  leaf: { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit } },
  convert,
});
const SECOND_MICROS = 1_000_000n;

const PHYSICAL: Readonly<Record<ScalarType | 'INSTANT', Physical>> = {
  BYTES: { leaf: { type: 'BYTE_ARRAY' }, convert: asIs },
  STRING: { leaf: { type: 'BYTE_ARRAY', converted_type: 'UTF8' }, convert: asIs },
  INT32: { leaf: { type: 'INT32' }, convert: asIs },
  INT64: { leaf: { type: 'INT64' }, convert: asLong },
  DOUBLE: { leaf: { type: 'DOUBLE' }, convert: asIs },
  FLOAT: { leaf: { type: 'FLOAT' }, convert: asIs },
  BOOL: { leaf: { type: 'BOOLEAN' }, convert: asIs },
  UNIX_TIMESTAMP: instant('MICROS', (value) => BigInt(value as number | bigint) * SECOND_MICROS),
  INSTANT: instant('MICROS', asLong),
};

/** Values are held until there are so many. */
const GROUP_VALUES = 500_000;

/** Takes rows one by one. The file appears when it is whole. */
export class ParquetTable {
  private readonly partial: string;
  private readonly writer: ParquetWriter;
  private readonly groupRows: number;
  private held: (readonly FeatureValue[])[] = [];
  /** Rows that were added. */
  rows = 0;

  /** @throws SFS_FILE_UNWRITABLE */
  constructor(
    private readonly path: string,
    private readonly columns: readonly TableColumn[],
  ) {
    this.partial = `${path}.partial`;
    this.groupRows = Math.ceil(GROUP_VALUES / columns.length);
    const schema = [{ name: 'root', num_children: columns.length }, ...columns.flatMap(elementsOf)];
    this.writer = onDisk(this.path, () => {
      mkdirSync(dirname(path), { recursive: true });
      return new ParquetWriter({ writer: fileWriter(this.partial), schema });
    });
  }

  /** @param row - a value for each column, in their order @throws SFS_FILE_UNWRITABLE */
  add(row: readonly FeatureValue[]): void {
    this.held.push(row);
    this.rows++;
    if (this.held.length >= this.groupRows) this.flush();
  }

  /** Writes what is left, and gives the file its name. @throws SFS_FILE_UNWRITABLE */
  finish(): void {
    if (this.held.length > 0) this.flush();
    onDisk(this.path, () => {
      void this.writer.finish();
      renameSync(this.partial, this.path);
    });
  }

  /** Removes what was written. */
  abandon(): void {
    rmSync(this.partial, { force: true });
  }

  private flush(): void {
    const { held, columns } = this;
    const columnData = columns.map(({ name, type }, n) => ({ name, data: held.map((row) => converted(type, row[n]!)) }));
    onDisk(this.path, () => void this.writer.write({ columnData, rowGroupSize: held.length }));
    this.held = [];
  }
}

const LIST = '_LIST';
const elementOf = (type: TableColumn['type']): keyof typeof PHYSICAL => type.replace(LIST, '') as keyof typeof PHYSICAL;

/** A list takes the three levels that Parquet wants. */
function elementsOf({ name, type }: TableColumn): SchemaElement[] {
  const { leaf } = PHYSICAL[elementOf(type)];
  if (!type.endsWith(LIST)) return [{ name, repetition_type: 'OPTIONAL', ...leaf }];
  return [
    { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'OPTIONAL', ...leaf },
  ];
}

function converted(type: TableColumn['type'], value: FeatureValue): unknown {
  if (value === null) return undefined;
  const { convert } = PHYSICAL[elementOf(type)];
  return Array.isArray(value) ? (value as readonly ScalarValue[]).map((one) => convert(one)) : convert(value as ScalarValue);
}
