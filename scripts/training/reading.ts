/** How far an export is. */
export interface TrainingExportProgress {
  readonly what: 'interactions' | 'decisions';
  /** Records read, and offsets that there are to read. */
  readonly done: number;
  readonly total: number;
}

/** Says now and then how far reading is. */
export type Reading = (what: TrainingExportProgress['what'], done: number, total: number) => void;
