/** A member of a group in a process of its own, which can be stopped while the group goes on without it. */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';
import type { BrokerDriver } from '../../../runtime/kafka/broker.js';

/** What the process does. */
export interface ZombiePlan {
  readonly driver: BrokerDriver;
  readonly address: string;
  readonly groupId: string;
  readonly source: string;
  readonly target: string;
  readonly transactionalId: string;
}

/** The process, after it has joined. */
export interface Zombie {
  /** Resolves when it holds a partition. */
  readonly assigned: Promise<void>;
  /** The code that its transaction failed with, `null` where it did not. */
  readonly result: Promise<string | null>;
  stop(): void;
  cont(): void;
  /** Tells it to write; heard once it runs. */
  transact(): void;
  kill(): void;
}

/** What the process says. */
export type ZombieMessage = { readonly assigned: true } | { readonly result: string | null } | { readonly failure: string };

export function startZombie(plan: ZombiePlan): Zombie {
  const child = fork(join(projectRoot, 'test', 'integration', 'kafka', 'zombieChild.ts'), [JSON.stringify(plan)], { execArgv: ['--import', 'tsx'] });
  let onAssigned = (): void => undefined;
  let onResult: (code: string | null) => void = () => undefined;
  let onFailure: (error: Error) => void = () => undefined;
  const assigned = new Promise<void>((resolve, reject) => {
    onAssigned = resolve;
    onFailure = reject;
  });
  const result = new Promise<string | null>((resolve) => {
    onResult = resolve;
  });
  child.on('message', (message: ZombieMessage) => {
    if ('assigned' in message) onAssigned();
    else if ('result' in message) onResult(message.result);
    else onFailure(new Error(message.failure));
  });
  child.on('exit', (code) => onFailure(new Error(`the process ended with ${code}`)));
  return {
    assigned,
    result,
    stop: () => void child.kill('SIGSTOP'),
    cont: () => void child.kill('SIGCONT'),
    transact: () => void child.send('transact'),
    kill: () => void child.kill('SIGKILL'),
  };
}
