/** The options that trace a few learners, and what they open. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { SkillForgeError, TraceIdentity, type Traces } from '../../schemas/index.js';
import { printable } from './output.js';

/** What a command that may trace is told. */
export interface TraceOptions {
  /** Address of a collector; nothing is traced without. */
  readonly traces?: string;
  readonly traceShare: number;
}

/** Secret of the ids of traces. It stands in no command line, which other users of a machine can see. */
const KEY_VARIABLE = 'SKILLFORGE_TRACE_KEY';
const USUAL_SHARE = 0.001;

/** Adds `--traces` and `--trace-share`. */
export function withTraceOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--traces <address>',
        `send traces of some learners to a collector, by OpenTelemetry's protocol over HTTP, such as http://localhost:4318; ${KEY_VARIABLE} holds the secret that hides whose they are, the same for all processes`,
      ).env('SKILLFORGE_TRACES'),
    )
    .option('--trace-share <share>', 'share of the learners that are traced, the same ones in all processes', share, USUAL_SHARE);
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value <= 1)) throw new InvalidArgumentError('It must be a number above 0 and up to 1.');
  return value;
}

/**
 * Does something while it may be traced.
 * @param work - with `null` where nothing is asked for
 * @throws SFS_TRACES_INVALID, and what `work` throws
 */
export async function withTraces<T>(
  { traces: address, traceShare, region }: TraceOptions & { readonly region: string },
  service: string,
  work: (traces: Traces | null) => Promise<T>,
): Promise<T> {
  if (address === undefined) return work(null);
  const key = process.env[KEY_VARIABLE];
  if (key === undefined) throw new SkillForgeError('SFS_TRACES_INVALID', `--traces needs a secret of 16 characters at least in ${KEY_VARIABLE}`);
  const identity = new TraceIdentity(key, traceShare);
  const { OtlpExporter } = await import('../../runtime/observability/traces/otlpExporter.js');
  const onTrouble = (message: string): unknown => process.stderr.write(`${printable(message)}\n`);
  const exporter = new OtlpExporter({ address, service, region, onTrouble });
  try {
    return await work({ identity, sink: exporter.add });
  } finally {
    await exporter.close();
  }
}
