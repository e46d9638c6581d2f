/** What containers of a region are told: the command line, the environment, and the files that are mounted. */
import type { Command } from 'commander';
import { skillforgeProgram } from '../../scripts/commands/program.js';
import { at, listAt, textAt, type Manifest } from './kubernetesManifests.js';

/** A container, with the workload that it is of. */
export interface Container {
  readonly workload: Manifest;
  /** Name of the workload. */
  readonly part: string;
  readonly args: readonly string[];
  readonly json: unknown;
}

const WORKLOADS = ['Deployment', 'StatefulSet'];

/** All containers of a region. */
export const containersOf = (all: readonly Manifest[]): Container[] =>
  all
    .filter(({ kind }) => WORKLOADS.includes(kind))
    .flatMap((workload) =>
      listAt(workload, 'spec.template.spec.containers').map((json) => ({
        workload,
        part: workload.metadata.name,
        args: listAt(json, 'args').map(String),
        json,
      })),
    );

/** The topologies that a worker is told to run. */
export const topologiesIn = ([verb, ...args]: readonly string[]): readonly string[] =>
  verb === 'run'
    ? args.slice(
        0,
        args.findIndex((arg) => arg.startsWith('-')),
      )
    : [];

/** The command that words name: its group's own where the group has one by default. */
export async function commandOf(words: readonly string[]): Promise<Command> {
  let command = await skillforgeProgram(words);
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined) break;
    command = next;
  }
  return command;
}

/** Variables whose values stand in the manifests. Those of secrets are not among them. */
export function environmentOf(all: readonly Manifest[], { json }: Container): ReadonlyMap<string, string> {
  const maps = listAt(json, 'envFrom').map((one) => textAt(one, 'configMapRef.name'));
  const listed = maps.flatMap((name) => {
    const map = all.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name);
    return Object.entries((at(map, 'data') ?? {}) as Record<string, string>);
  });
  const own = listAt(json, 'env').flatMap((one) => (at(one, 'value') === undefined ? [] : [[textAt(one, 'name'), textAt(one, 'value')] as const]));
  return new Map([...listed, ...own]);
}

/** A variable that a secret gives a container; `null` where none does. */
export const secretOfVariable = ({ json }: Container, variable: string): string | null =>
  textAt(
    listAt(json, 'env').find((one) => textAt(one, 'name') === variable),
    'valueFrom.secretKeyRef.name',
  ) || null;

/** The secret that a path is a file of, mounted for reading alone; `null` where there is none that must be there. */
export function secretAt({ json, workload }: Container, path: string): string | null {
  const mount = listAt(json, 'volumeMounts').find((one) => path.startsWith(`${textAt(one, 'mountPath')}/`));
  const volume = listAt(workload, 'spec.template.spec.volumes').find((one) => textAt(one, 'name') === textAt(mount, 'name'));
  const isSure = at(mount, 'readOnly') === true && at(volume, 'secret.optional') !== true;
  return isSure ? textAt(volume, 'secret.secretName') || null : null;
}

/** Labels of the pods of a workload. */
export const podLabels = (workload: Manifest): Readonly<Record<string, string>> =>
  (at(workload, 'spec.template.metadata.labels') ?? {}) as Record<string, string>;

/** Whether a selector takes pods with these labels. */
export function isSelected(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const pairs = Object.entries((at(selector, 'matchLabels') ?? {}) as Record<string, string>);
  const isMatched = (one: unknown): boolean => {
    // Any other operator is nobody's here: it would have to be understood first.
    if (textAt(one, 'operator') !== 'In') throw new Error(`a selector with ${JSON.stringify(one)}`);
    return listAt(one, 'values').includes(labels[textAt(one, 'key')]);
  };
  return pairs.every(([key, value]) => labels[key] === value) && listAt(selector, 'matchExpressions').every(isMatched);
}
