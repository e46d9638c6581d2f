/**
 * Guards of the commit protocol taken out, one at a time: with each of them gone the checker must find differences, or it would find none
 * where the product has a mistake. Nothing here is used but by the workers of control runs.
 */
import type { Broker } from '../../../runtime/kafka/broker.js';
import type { ClaimedTask, RedisState } from '../../../runtime/redis/index.js';
import type { Script } from '../../../runtime/redis/lua/script.js';

/**
 * `unfenced`: scripts ask for no token, and transactions for no membership. `unchecked`: nobody asks whether Redis holds what was last seen there, the
 * scripts as little as a worker that claims a task anew, which goes on where it was. `unstaged`: state is written before the transaction.
 */
export type Control = 'unfenced' | 'unchecked' | 'unstaged';

const TOKEN_CHECK = "if holder ~= ARGV[1] then return { err = holder and 'FENCED' or 'BEHIND' } end";
const APPLIED_CHECK = /if applied ~= ARGV\[2\] then return \{ err = 'BEHIND' \} end/;

export function withControl(control: Control, broker: Broker, state: RedisState): void {
  if (control === 'unfenced') {
    without(state, TOKEN_CHECK);
    unfence(broker);
  } else if (control === 'unchecked') {
    without(state, APPLIED_CHECK);
    trustPosition(state);
  } else unstage(state);
}

interface Connection {
  run(script: Script, ...rest: unknown[]): Promise<unknown>;
}

/** Takes a check out of every script that has it. */
function without(state: RedisState, text: string | RegExp): void {
  const { connection } = state as unknown as { readonly connection: Connection };
  const run = connection.run.bind(connection);
  connection.run = (script, ...rest) => run({ ...script, source: script.source.replace(text, '') }, ...rest);
}

/** A transaction takes outputs alone; offsets are committed beside it, where the group lets them. */
function unfence(broker: Broker): void {
  const producer = broker.producer.bind(broker);
  broker.producer = async (options) => {
    const opened = await producer(options);
    const transact = opened.transact.bind(opened);
    opened.transact = async (records, groups) => {
      await transact(records, []);
      for (const { consumer, offsets } of groups) await consumer.commit(offsets).catch(() => undefined);
    };
    return opened;
  };
}

/** A task goes on where this process committed it last, as the offsets of the group say, whatever Redis has. */
function trustPosition(state: RedisState): void {
  const claim = state.claim.bind(state);
  const last = new Map<string, Buffer>();
  state.claim = async (task): Promise<ClaimedTask> => {
    const claimed = await claim(task);
    const [recover, stage, apply] = [claimed.recover.bind(claimed), claimed.stage.bind(claimed), claimed.apply.bind(claimed)];
    let staged: Buffer | undefined;
    claimed.recover = async (committed) => {
      const recovery = await recover(committed);
      return { standing: 'current', progress: last.get(task) ?? recovery.progress };
    };
    claimed.stage = async (batch) => {
      await stage(batch);
      staged = batch.progress;
    };
    claimed.apply = async (id) => {
      if (staged) last.set(task, staged);
      await apply(id);
    };
    return claimed;
  };
}

/** What would be staged is the state at once. */
function unstage(state: RedisState): void {
  const claim = state.claim.bind(state);
  state.claim = async (task): Promise<ClaimedTask> => {
    const claimed = await claim(task);
    claimed.stage = claimed.commit.bind(claimed);
    claimed.apply = () => Promise.resolve();
    return claimed;
  };
}
