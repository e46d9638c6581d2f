/** What `skillforge privacy consent`, `object` and `restrict` have in common. */
import type { Command } from 'commander';
import { learnerId } from '../../schemas/index.js';
import { sayInFolder, sayInRegion } from '../privacy/consentAnew.js';
import type { Said, Standing, StatementPlace } from '../privacy/statement.js';
import { withFolder } from './folder.js';
import { print, printJson, printable, timeText } from './output.js';
import { instant } from './replayRange.js';
import { viewFolderOf } from './readerView.js';
import { onServers, toolCommand, type ToolOptions } from './toolAccess.js';

interface StatementOptions extends ToolOptions {
  readonly at?: number;
  readonly withdraw?: true;
}

/** A command of one statement. */
export interface StatementKind {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  /** What `--withdraw` does. */
  readonly withdrawal: string;
  /** What is said, or taken back. */
  readonly said: (holds: boolean) => Said;
}

const EFFECT = `Appends the learner's last profile with this statement to the topic profiles. It holds from now on, from --at, or from the time of that profile
where it is later. What runs goes by it with the next event of the learner; who reads it is learner-contexts. LEARNER is a pseudonym.

Of a learner who was erased nothing is written (SFS_LEARNER_ERASED), but for a consent: it begins anew, and nothing of what was is there.

On a folder nothing else may write meanwhile: stop "run", say it, start it again. On servers it works beside running workers.`;

/** Makes the command of a statement. */
export function statementCommand({ name, summary, description, withdrawal, said }: StatementKind): Command {
  return toolCommand(`${name} <learner>`, summary, `${description}\n\n${EFFECT}`, [
    `skillforge privacy ${name} learner-7`,
    `skillforge privacy ${name} learner-7 --withdraw --at 2025-09-01T06:00Z --json`,
    `skillforge privacy ${name} learner-7 --kafka localhost:9092 --redis redis://localhost:6379`,
  ])
    .option('--withdraw', withdrawal)
    .option('--at <time>', 'when the learner said so, such as 2025-09-01T06:00Z (default: now)', instant)
    .action(async (learner: string, options: StatementOptions) => {
      const place = { region: options.region, learner: learnerId(learner), atMs: options.at ?? Date.now() };
      const standing = await say(options, place, said(options.withdraw !== true));
      if (options.json) printJson(standing);
      else print(standingText(standing));
    });
}

/** Writes a statement to what options name. @throws as writing it there does */
export function say(options: ToolOptions & { readonly view?: string }, place: StatementPlace, said: Said): Promise<Standing> {
  if (options.kafka !== undefined) return onServers(options, (servers) => sayInRegion(servers, place, said));
  return withFolder(options.data, (storage) => sayInFolder(storage, viewFolderOf(options), place, said));
}

function standingText({ learner, atMs, consentProfiling, objectsToProfiling, restricted, profiled }: Standing): string {
  const said = [
    consentProfiling ? 'agrees to profiling' : 'does not agree to profiling',
    ...(objectsToProfiling ? ['objects to it'] : []),
    ...(restricted ? ['has data that may only be kept'] : []),
  ];
  const effect = restricted ? 'nothing is decided for them' : profiled ? 'their lists are their own' : 'their lists go by course only';
  return `${printable(learner)} ${said.join(', ')}, from ${timeText(atMs)} on: ${effect}`;
}
