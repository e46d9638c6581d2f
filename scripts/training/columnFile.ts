/** One column of numbers in a file: raw and little-endian, so that numpy maps it into memory as it is. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { onDisk } from '../fileWriting.js';

/** How a number lies in a column, by the ending of its file. */
const KINDS = {
  u8: { bytes: 1, write: (to: DataView, at: number, value: number) => to.setUint8(at, value) },
  i8: { bytes: 1, write: (to: DataView, at: number, value: number) => to.setInt8(at, value) },
  u16: { bytes: 2, write: (to: DataView, at: number, value: number) => to.setUint16(at, value, true) },
  u32: { bytes: 4, write: (to: DataView, at: number, value: number) => to.setUint32(at, value, true) },
  i32: { bytes: 4, write: (to: DataView, at: number, value: number) => to.setInt32(at, value, true) },
  f32: { bytes: 4, write: (to: DataView, at: number, value: number) => to.setFloat32(at, value, true) },
  f64: { bytes: 8, write: (to: DataView, at: number, value: number) => to.setFloat64(at, value, true) },
} as const;

/** Kind of the numbers of a column. */
export type ColumnKind = keyof typeof KINDS;

const BUFFER_BYTES = 1 << 20;

/** Takes numbers one by one; holds a megabyte of them at most. */
export class ColumnFile {
  private readonly buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  private readonly view = new DataView(this.buffer.buffer, this.buffer.byteOffset, BUFFER_BYTES);
  private readonly bytes: number;
  private readonly write: (to: DataView, at: number, value: number) => void;
  private readonly file: number;
  private used = 0;

  /** @throws SFS_FILE_UNWRITABLE */
  constructor(
    private readonly path: string,
    kind: ColumnKind,
  ) {
    ({ bytes: this.bytes, write: this.write } = KINDS[kind]);
    this.file = onDisk(this.path, () => openSync(path, 'w'));
  }

  /** @throws SFS_FILE_UNWRITABLE */
  add(value: number): void {
    if (this.used === BUFFER_BYTES) this.flush();
    this.write(this.view, this.used, value);
    this.used += this.bytes;
  }

  /** Writes what is left, and closes the file. @throws SFS_FILE_UNWRITABLE */
  finish(): void {
    this.flush();
    this.close();
  }

  /** Closes the file as it is. */
  close(): void {
    closeSync(this.file);
  }

  private flush(): void {
    onDisk(this.path, () => {
      for (let done = 0; done < this.used;) done += writeSync(this.file, this.buffer, done, this.used - done);
    });
    this.used = 0;
  }
}

/** Columns of one table, `<table>.<column>.<kind>` in a folder: a row has a number in each. */
export class ColumnFiles<C extends string> {
  private readonly files: Readonly<Record<C, ColumnFile>>;

  /** @throws SFS_FILE_UNWRITABLE */
  constructor(folder: string, table: string, columns: Readonly<Record<C, ColumnKind>>) {
    const named = Object.entries<ColumnKind>(columns).map(([column, kind]) => [column, new ColumnFile(`${folder}/${table}.${column}.${kind}`, kind)]);
    this.files = Object.fromEntries(named) as Record<C, ColumnFile>;
  }

  /** Adds one number to a column. @throws SFS_FILE_UNWRITABLE */
  add(column: C, value: number): void {
    this.files[column].add(value);
  }

  /** @throws SFS_FILE_UNWRITABLE */
  finish(): void {
    for (const file of Object.values<ColumnFile>(this.files)) file.finish();
  }

  /** Closes the files as they are. */
  close(): void {
    for (const file of Object.values<ColumnFile>(this.files)) file.close();
  }
}
