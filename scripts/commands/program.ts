/** The command line as a whole. */
import { Command } from 'commander';
import { packageVersion } from '../../schemas/index.js';
import { groupCommand } from './options.js';

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

/** Reads the file of a command, which reads what the command needs: a quarter of a second, where all of them take more than one. */
type Load = () => Promise<Command>;

/** A command that only holds others. */
interface Group {
  readonly summary: string;
  readonly members: Readonly<Record<string, Load>>;
}

/** By their names, as the help lists them. */
const COMMANDS: Readonly<Record<string, Load | Group>> = {
  start: async () => (await import('./start.js')).startCommand(),
  run: async () => (await import('./run.js')).runCommand(),
  topology: {
    summary: 'write, check and understand topologies',
    members: {
      list: async () => (await import('./topologyList.js')).topologyListCommand(),
      new: async () => (await import('./topologyNew.js')).topologyNewCommand(),
      check: async () => (await import('./topologyCheck.js')).topologyCheckCommand(),
      describe: async () => (await import('./topologyDescribe.js')).topologyDescribeCommand(),
      plan: async () => (await import('./topologyPlan.js')).topologyPlanCommand(),
    },
  },
  replay: {
    summary: 'run a version beside the live one, compare, and switch',
    members: {
      plan: async () => (await import('./replayPlan.js')).replayPlanCommand(),
      run: async () => (await import('./replayRun.js')).replayRunCommand(),
      diff: async () => (await import('./replayDiff.js')).replayDiffCommand(),
      promote: async () => (await import('./replayPromote.js')).replayPromoteCommand(),
      drop: async () => (await import('./replayDrop.js')).replayDropCommand(),
    },
  },
  topics: {
    summary: 'look into topics, and write to them',
    members: {
      list: async () => (await import('./topicsList.js')).topicsListCommand(),
      read: async () => (await import('./topicsRead.js')).topicsReadCommand(),
      write: async () => (await import('./topicsWrite.js')).topicsWriteCommand(),
    },
  },
  state: {
    summary: 'look into the state of topologies, copy it, and put it back',
    members: {
      get: async () => (await import('./stateGet.js')).stateGetCommand(),
      snapshot: async () => (await import('./stateSnapshot.js')).stateSnapshotCommand(),
      restore: async () => (await import('./stateSnapshot.js')).stateRestoreCommand(),
    },
  },
  lag: async () => (await import('./lag.js')).lagCommand(),
  counts: async () => (await import('./counts.js')).countsCommand(),
  dlq: {
    summary: 'work on dead letters',
    members: {
      list: async () => (await import('./dlqList.js')).dlqListCommand(),
      show: async () => (await import('./dlqShow.js')).dlqShowCommand(),
      replay: async () => (await import('./dlqReplay.js')).dlqReplayCommand(),
    },
  },
  gateway: async () => (await import('./gateway.js')).gatewayCommand(),
  reader: async () => (await import('./readerServe.js')).readerCommand(),
  recommendations: {
    summary: 'take recommendations out',
    members: {
      export: async () => (await import('./recommendationsExport.js')).recommendationsExportCommand(),
    },
  },
  import: {
    summary: 'import data sets',
    members: {
      oulad: async () => (await import('./importOulad.js')).importOuladCommand(),
    },
  },
  archive: async () => (await import('./archive.js')).archiveCommand(),
  batch: {
    summary: 'make batch features',
    members: {
      run: async () => (await import('./batchRun.js')).batchRunCommand(),
    },
  },
  model: {
    summary: 'register, compare and promote trained models',
    members: {
      list: async () => (await import('./modelList.js')).modelListCommand(),
      show: async () => (await import('./modelShow.js')).modelShowCommand(),
      register: async () => (await import('./modelRegister.js')).modelRegisterCommand(),
      stage: async () => (await import('./modelStage.js')).modelStageCommand(),
      gate: async () => (await import('./modelGate.js')).modelGateCommand(),
      shadow: async () => (await import('./modelShadow.js')).modelShadowCommand(),
      promote: async () => (await import('./modelPromote.js')).modelPromoteCommand(),
      rollback: async () => (await import('./modelRollback.js')).modelRollbackCommand(),
      watch: async () => (await import('./modelWatch.js')).modelWatchCommand(),
    },
  },
  experiment: {
    summary: 'check experiments, and see what they show',
    members: {
      list: async () => (await import('./experimentList.js')).experimentListCommand(),
      validate: async () => (await import('./experimentValidate.js')).experimentValidateCommand(),
      report: async () => (await import('./experimentReport.js')).experimentReportCommand(),
    },
  },
  features: {
    summary: 'publish features for decisions, keep them in Feast, read them, compare them with what serving saw',
    members: {
      publish: async () => (await import('./featuresPublish.js')).featuresPublishCommand(),
      project: async () => (await import('./featuresProject.js')).featuresProjectCommand(),
      read: async () => (await import('./featuresRead.js')).featuresReadCommand(),
      purge: async () => (await import('./featuresPurge.js')).featuresPurgeCommand(),
      export: async () => (await import('./featuresExport.js')).featuresExportCommand(),
      materialize: async () => (await import('./featuresMaterialize.js')).featuresMaterializeCommand(),
      skew: async () => (await import('./featuresSkew.js')).featuresSkewCommand(),
    },
  },
  training: {
    summary: 'train models',
    members: {
      export: async () => (await import('./trainingExport.js')).trainingExportCommand(),
      validate: async () => (await import('./trainingValidate.js')).trainingValidateCommand(),
      run: async () => (await import('./trainingRun.js')).trainingRunCommand(),
    },
  },
  drift: {
    summary: 'see whether data are as they were',
    members: {
      report: async () => (await import('./driftReport.js')).driftReportCommand(),
    },
  },
  privacy: {
    summary: 'see what is done with personal data, and do what learners say of theirs',
    members: {
      record: async () => (await import('./privacyRecord.js')).privacyRecordCommand(),
      consent: async () => (await import('./privacyConsent.js')).privacyConsentCommand(),
      object: async () => (await import('./privacyObject.js')).privacyObjectCommand(),
      restrict: async () => (await import('./privacyRestrict.js')).privacyRestrictCommand(),
      export: async () => (await import('./privacyExport.js')).privacyExportCommand(),
      erase: async () => (await import('./privacyErase.js')).privacyEraseCommand(),
      serve: async () => (await import('./privacyServe.js')).privacyServeCommand(),
      move: async () => (await import('./privacyMove.js')).privacyMoveCommand(),
      keys: async () => (await import('./privacyKeys.js')).privacyKeysCommand(),
    },
  },
  decisions: {
    summary: 'seal the record of decisions, verify it, make a decision again, export what came of them',
    members: {
      seal: async () => (await import('./decisionsSeal.js')).decisionsSealCommand(),
      verify: async () => (await import('./decisionsVerify.js')).decisionsVerifyCommand(),
      replay: async () => (await import('./decisionsReplay.js')).decisionsReplayCommand(),
      export: async () => (await import('./decisionsExport.js')).decisionsExportCommand(),
    },
  },
  oversight: {
    summary: 'stop or overrule the recommender, and see who did',
    members: {
      pause: async () => (await import('./oversightMeasures.js')).oversightPauseCommand(),
      resume: async () => (await import('./oversightMeasures.js')).oversightResumeCommand(),
      override: async () => (await import('./oversightOverride.js')).oversightOverrideCommand(),
      block: async () => (await import('./oversightMeasures.js')).oversightBlockCommand(),
      unblock: async () => (await import('./oversightMeasures.js')).oversightUnblockCommand(),
      kill: async () => (await import('./oversightMeasures.js')).oversightKillCommand(),
      revive: async () => (await import('./oversightMeasures.js')).oversightReviveCommand(),
      list: async () => (await import('./oversightList.js')).oversightListCommand(),
      log: async () => (await import('./oversightList.js')).oversightLogCommand(),
    },
  },
  deploy: {
    summary: 'write what servers of an installation need',
    members: {
      acls: async () => (await import('./deployAcls.js')).deployAclsCommand(),
    },
  },
  capacity: async () => (await import('./capacity.js')).capacityCommand(),
  evaluate: async () => (await import('./evaluate.js')).evaluateCommand(),
  generate: async () => (await import('./generate.js')).generateCommand(),
  verify: async () => (await import('./verify.js')).verifyCommand(),
};

/**
 * `skillforge`, with its commands.
 *
 * @param words the command line; only the command that its first words name is loaded. Where they name none, as by default, all are: the help
 *   lists them.
 */
export async function skillforgeProgram(words: readonly string[] = []): Promise<Command> {
  const program = new Command('skillforge').description(DESCRIPTION).version(packageVersion(), '--version').exitOverride();
  program.helpCommand(false).showHelpAfterError('(skillforge --help lists the commands)').addHelpText('after', AFTER);
  for (const [name, entry] of named(COMMANDS, words[0])) {
    program.addCommand(typeof entry === 'function' ? await entry() : await loadedGroup(name, entry, words[1]));
  }
  return program;
}

async function loadedGroup(name: string, { summary, members }: Group, word: string | undefined): Promise<Command> {
  return groupCommand(name, summary, await Promise.all(named(members, word).map(([, load]) => load())));
}

/** The one that is named; all, where none is. */
function named<T>(entries: Readonly<Record<string, T>>, word: string | undefined): [string, T][] {
  return word !== undefined && Object.hasOwn(entries, word) ? [[word, entries[word]!]] : Object.entries(entries);
}
