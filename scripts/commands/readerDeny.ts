/** `skillforge reader deny`: learners whose lists the reader does not serve. */
import type { Command } from 'commander';
import { openDenyList, type DenyList } from '../../reader/index.js';
import { groupCommand, plainCommand, folderOption, type PlainOptions } from './options.js';
import { countedText, print, printJson, printable, tableText, timeText } from './output.js';
import { viewFolderOf, viewOption } from './readerView.js';

interface DenyOptions extends PlainOptions {
  readonly data: string;
  readonly view?: string;
}

const EFFECT = `It takes effect with the next request, in a reader that runs as well as in one that starts later, and outlives a view that is
built anew. Such a learner is served as one of whom nothing is known.`;

/** Adds to, takes from and shows the deny list. */
export function readerDenyCommand(): Command {
  return groupCommand('deny', 'learners whose lists are not served', [addCommand(), removeCommand(), listCommand()]);
}

function denyCommand(signature: string, summary: string, description: string, shown: readonly string[]): Command {
  return plainCommand(signature, summary, description, shown).addOption(folderOption()).addOption(viewOption());
}

function addCommand(): Command {
  return denyCommand('add <learner...>', 'serve these learners as unknown ones', `Puts learners on the deny list of the reader. ${EFFECT}`, [
    'skillforge reader deny add learner-7',
  ]).action(async (learners: readonly string[], options: DenyOptions) => {
    await withDenyList(options, async (denied) => {
      for (const learner of learners) await denied.add(learner);
    });
    if (options.json) printJson({ added: learners });
    else print(`${countedText(learners.length, 'learner')} on the deny list`);
  });
}

function removeCommand(): Command {
  return denyCommand(
    'remove <learner...>',
    'serve these learners again',
    'Takes learners off the deny list of the reader: their own lists are served again.',
    ['skillforge reader deny remove learner-7'],
  ).action(async (learners: readonly string[], options: DenyOptions) => {
    const removed: string[] = [];
    await withDenyList(options, async (denied) => {
      for (const learner of learners) if (await denied.remove(learner)) removed.push(learner);
    });
    if (options.json) printJson({ removed });
    else
      print(
        `${countedText(removed.length, 'learner')} taken off the deny list${removed.length < learners.length ? '; the others were not on it' : ''}`,
      );
  });
}

function listCommand(): Command {
  return denyCommand('list', 'show the deny list', `Shows the deny list of the reader, with the time of each entry. ${EFFECT}`, [
    'skillforge reader deny list --json',
  ]).action(async (options: DenyOptions) => {
    const entries = await withDenyList(options, (denied) => Promise.resolve(denied.list()));
    if (options.json) return entries.forEach((entry) => printJson(entry));
    if (entries.length === 0) return print('nobody is on the deny list');
    print(
      tableText(
        ['learner', 'since'],
        entries.map(({ learner, addedAtMs }) => [printable(learner), timeText(addedAtMs)]),
      ),
    );
  });
}

async function withDenyList<T>(options: DenyOptions, work: (denied: DenyList) => Promise<T>): Promise<T> {
  const denied = openDenyList({ folder: viewFolderOf(options) });
  try {
    return await work(denied);
  } finally {
    await denied.close();
  }
}
