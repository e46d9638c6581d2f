/**
 * Sends events through the outbox of a folder, whose log is that of the process that started this one, and says which were accepted:
 * `sender.ts FOLDER LEARNER FIRST COUNT`. Sends nothing more, and ends, when it is told so.
 */
import { OutboxWriter } from '../../../reader/outboxWriter.js';
import type { ReaderEvent } from '../../../reader/index.js';
import { SkillForgeError, type ErrorCode } from '../../../schemas/index.js';
import { feedbackOf } from '../numberedLogs.js';

interface Reply {
  readonly call: number;
  readonly value?: unknown;
  readonly code?: ErrorCode;
}

const calls = new Map<number, (reply: Reply) => void>();
let last = 0;

/** Asks the log of the other process. */
function asked<T>(question: object): Promise<T> {
  const call = ++last;
  return new Promise((resolve, reject) => {
    calls.set(call, ({ value, code }) => (code === undefined ? resolve(value as T) : reject(new SkillForgeError(code, 'the log says so'))));
    process.send!({ call, ...question });
  });
}
process.on('message', (message: Reply) => {
  calls.get(message.call)?.(message);
  calls.delete(message.call);
});
process.on('disconnect', () => process.exit());

const [folder, learner, first, count] = process.argv.slice(2) as [string, string, string, string];
const log = {
  open: async (name: string) => {
    const { epoch, last: number } = await asked<{ epoch: number; last: number }>({ kind: 'open', name });
    const append = (batch: number, events: readonly ReaderEvent[]): Promise<void> => asked({ kind: 'append', name, epoch, batch, events });
    return { last: number, append, close: () => Promise.resolve() };
  },
};
const writer = await OutboxWriter.open({ folder, log, patienceMs: 20 }, { region: 'eu-west', isDenied: () => false });
process.stdout.write('ready\n');
for (let n = Number(first); n < Number(first) + Number(count); n++) {
  const place = await writer.write([feedbackOf(`${learner}-${n}`, learner)]);
  process.stdout.write(`${place} ${n}\n`);
}
await writer.close();
process.disconnect();
