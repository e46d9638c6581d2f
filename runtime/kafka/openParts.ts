/** What was opened of a broker and is not closed yet. */

interface Part {
  open(): Promise<void>;
  close(): Promise<void>;
}

/** Opens parts, and closes those that are left. */
export class OpenParts {
  private readonly parts = new Set<Part>();

  /** Makes a part and opens it. @param make - makes it; calls `onClosed` when it is closed by itself */
  async add<P extends Part>(make: (onClosed: () => void) => P): Promise<P> {
    const part: P = make(() => this.parts.delete(part));
    this.parts.add(part);
    try {
      await part.open();
    } catch (error) {
      this.parts.delete(part);
      throw error;
    }
    return part;
  }

  /** Closes all, the youngest first: a consumer may want to commit through an older producer. */
  async close(): Promise<void> {
    for (const part of [...this.parts].reverse()) await part.close();
  }
}
