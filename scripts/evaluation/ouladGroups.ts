/** Groups of learners that lists must serve alike. */
import { CsvFile, pathOfCsv, type CsvRows } from '../oulad/index.js';
import { knownText } from '../oulad/judgedFile.js';
import type { Cut } from './ouladTruth.js';

/** Attributes by which learners are grouped, as `studentInfo` names them. */
export const GROUPINGS = { gender: 'gender', 'age band': 'age_band', disability: 'disability', deprivation: 'imd_band' } as const;
/** Name of an attribute. */
export type Grouping = keyof typeof GROUPINGS;

const COLUMNS = ['code_module', 'code_presentation', 'id_student', ...Object.values(GROUPINGS)] as const;

/** The group of each learner, by attribute; a learner whose attribute is not known is in none. */
export type Groups = Readonly<Record<Grouping, ReadonlyMap<string, string>>>;

/** Reads `studentInfo`, where it is there. @throws SFS_IMPORT_HEADER, SFS_IMPORT_CORRUPT, SFS_IMPORT_UNREADABLE */
export async function readGroups(folder: string, { module, presentation }: Cut): Promise<Groups> {
  const groups = {
    gender: new Map<string, string>(),
    'age band': new Map<string, string>(),
    disability: new Map<string, string>(),
    deprivation: new Map<string, string>(),
  };
  if ((await pathOfCsv(folder, 'studentInfo')) === null) return groups;
  const file = await CsvFile.find(folder, 'studentInfo', COLUMNS);
  for await (const rows of file.batches()) {
    const { columns } = rows;
    for (let row = 0; row < rows.count; row++) {
      const isOfCut =
        rows.problem(row) === null && rows.text(row, columns.code_module) === module && rows.text(row, columns.code_presentation) === presentation;
      if (isOfCut) addLearner(groups, rows, row);
    }
  }
  return groups;
}

function addLearner(groups: Record<Grouping, Map<string, string>>, rows: CsvRows<(typeof COLUMNS)[number]>, row: number): void {
  const learner = rows.text(row, rows.columns.id_student);
  for (const [grouping, column] of Object.entries(GROUPINGS) as [Grouping, (typeof GROUPINGS)[Grouping]][]) {
    const value = knownText(rows, row, rows.columns[column]);
    if (value !== null) groups[grouping].set(learner, value);
  }
}
