/** What an import of the OULAD data set says when it is done. */
import { basename } from 'node:path';
import type { OuladImportResult } from './ouladImport.js';
import { countText, countedText, secondsText, tableText, timeText } from './output.js';

/** An import in some lines: what became of the rows of each file, the clicks of each presentation, the records of each topic. */
export function importText(result: OuladImportResult, seconds: number): string {
  const { written, rejected, rejectedBefore, missing, clockMs } = result;
  const rowsRead = result.files.reduce((total, file) => total + file.rowsRead, 0);
  return [
    filesText(result),
    '',
    presentationsText(result),
    '',
    topicsText(result),
    '',
    `imported ${countedText(written, 'record')} in ${secondsText(seconds)}, ${countText(written / seconds)}/s`,
    `${countedText(rowsRead, 'row')} read, ${countText(rejected)} rejected to the dead letters` +
      (rejectedBefore > 0 ? `; ${countText(rejectedBefore)} were there already` : ''),
    ...(missing.length === 0 ? [] : [`not in the folder, so left out: ${missing.join(', ')}`]),
    ...(clockMs === null ? ['nothing was chosen'] : [`the clock of the data stands at ${timeText(clockMs)}`]),
  ].join('\n');
}

function filesText({ files }: OuladImportResult): string {
  const rows = files.map(({ file, rowsRead, accepted, filtered, silent, rejected }) => {
    const refused = rejected.SFS_IMPORT_MALFORMED + rejected.SFS_IMPORT_UNKNOWN;
    return [basename(file), ...[rowsRead, accepted, filtered, silent, refused].map(countText)];
  });
  return tableText(['file', 'rows', 'taken', 'not chosen', 'without event', 'rejected'], rows);
}

function presentationsText({ clicks }: OuladImportResult): string {
  const rows = clicks.presentations.map((one) => [one.course, countText(one.accepted), countText(one.filtered), countText(one.clicks)]);
  return tableText(['presentation', 'events', 'not chosen', 'clicks'], rows);
}

function topicsText({ topics }: OuladImportResult): string {
  const rows = topics.map(({ topic, written, alreadyThere }) => [topic, countText(written), countText(alreadyThere)]);
  return tableText(['topic', 'written', 'there already'], rows);
}
