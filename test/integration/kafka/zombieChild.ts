/** The process of `zombie.ts`. */
import type { TopicPartition } from '../../../runtime/kafka/broker.js';
import { codeOf, Member, numbered, openFor } from './fixtures.js';
import type { ZombieMessage, ZombiePlan } from './zombie.js';

const plan = JSON.parse(process.argv[2]!) as ZombiePlan;
const say = (message: ZombieMessage): void => void process.send!(message);

try {
  const broker = await openFor(plan.driver, plan.address, { sessionTimeoutMs: 6_000 });
  const member = new Member(broker, plan.groupId);
  const producer = await broker.producer({ transactionalId: plan.transactionalId });
  const consumer = await broker.consumer(
    member.options({
      assigned: (partitions: readonly TopicPartition[]) => {
        say({ assigned: true });
        return Promise.resolve(partitions.map((one) => ({ ...one, offset: 0 })));
      },
    }),
  );
  process.on('message', () => {
    const offsets = [{ topic: plan.source, partition: 0, offset: 3, metadata: 'zombie' }];
    void codeOf(producer.transact(numbered(plan.target, 0, 100, 1), [{ consumer, offsets }])).then((result) => say({ result }));
  });
  await consumer.subscribe([plan.source]);
} catch (error) {
  say({ failure: String(error) });
}
