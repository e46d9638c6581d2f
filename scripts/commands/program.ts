/** The command line as a whole. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { packageRoot } from '../../schemas/index.js';
import { countsCommand } from './counts.js';
import { dlqListCommand } from './dlqList.js';
import { dlqReplayCommand } from './dlqReplay.js';
import { dlqShowCommand } from './dlqShow.js';
import { generateCommand } from './generate.js';
import { importOuladCommand } from './importOulad.js';
import { lagCommand } from './lag.js';
import { groupCommand } from './options.js';
import { readerCommand } from './readerServe.js';
import { recommendationsExportCommand } from './recommendationsExport.js';
import { replayDiffCommand } from './replayDiff.js';
import { replayDropCommand } from './replayDrop.js';
import { replayPlanCommand } from './replayPlan.js';
import { replayPromoteCommand } from './replayPromote.js';
import { replayRunCommand } from './replayRun.js';
import { runCommand } from './run.js';
import { startCommand } from './start.js';
import { stateGetCommand } from './stateGet.js';
import { stateRestoreCommand, stateSnapshotCommand } from './stateSnapshot.js';
import { topicsListCommand } from './topicsList.js';
import { topicsReadCommand } from './topicsRead.js';
import { topicsWriteCommand } from './topicsWrite.js';
import { topologyCheckCommand } from './topologyCheck.js';
import { topologyDescribeCommand } from './topologyDescribe.js';
import { topologyListCommand } from './topologyList.js';
import { topologyNewCommand } from './topologyNew.js';
import { topologyPlanCommand } from './topologyPlan.js';
import { verifyCommand } from './verify.js';

const DESCRIPTION = `Runs stream topologies on a folder of this machine: a durable log and state with the semantics of a cluster, and nothing to install.

The folder is ./.skillforge, or --data, or SKILLFORGE_DATA. Every command takes --json, and --help with examples.`;

const AFTER = `
Start with
  skillforge start                      a made-up school, live, with its recommendations on a page
  skillforge topology new my-first      a topology of your own, with its test
  skillforge generate                   clicks to try it on
  skillforge run my-first --until-end   run it
  skillforge topics read my-first       see what it wrote

Exit codes: 0 done, 1 a check failed, 2 wrong command line, 3 refused with a code, 4 unexpected. More: docs/reference/cli.md`;

/** Every command of `skillforge`. */
export function skillforgeProgram(): Command {
  const program = new Command('skillforge').description(DESCRIPTION).version(packageVersion(), '--version').exitOverride();
  program.helpCommand(false).showHelpAfterError('(skillforge --help lists the commands)').addHelpText('after', AFTER);
  const commands = [
    startCommand(),
    runCommand(),
    groupCommand('topology', 'write, check and understand topologies', [
      topologyListCommand(),
      topologyNewCommand(),
      topologyCheckCommand(),
      topologyDescribeCommand(),
      topologyPlanCommand(),
    ]),
    groupCommand('replay', 'run a version beside the live one, compare, and switch', [
      replayPlanCommand(),
      replayRunCommand(),
      replayDiffCommand(),
      replayPromoteCommand(),
      replayDropCommand(),
    ]),
    groupCommand('topics', 'look into topics, and write to them', [topicsListCommand(), topicsReadCommand(), topicsWriteCommand()]),
    groupCommand('state', 'look into the state of topologies, copy it, and put it back', [
      stateGetCommand(),
      stateSnapshotCommand(),
      stateRestoreCommand(),
    ]),
    lagCommand(),
    countsCommand(),
    groupCommand('dlq', 'work on dead letters', [dlqListCommand(), dlqShowCommand(), dlqReplayCommand()]),
    readerCommand(),
    groupCommand('recommendations', 'take recommendations out', [recommendationsExportCommand()]),
    groupCommand('import', 'import data sets', [importOuladCommand()]),
    generateCommand(),
    verifyCommand(),
  ];
  for (const command of commands) program.addCommand(command);
  return program;
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}
