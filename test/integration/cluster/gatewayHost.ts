/** A process with gateways on Kafka, for tests that work beside them: {@link GatewayHost} speaks with it. LMDB has one user of a file in each process. */
import { ReceivedEvents, createGateway, openIdentityMap, type EventLog, type Gateway } from '../../../gateway/index.js';
import { kafkaLog } from '../../../scripts/gateway/eventLogs.js';
import { openSharedHomes } from '../../../scripts/gateway/sharedHomes.js';
import { click } from '../../gateway/gateways.js';
import { ADA, type Call, type DoorPlace, type Posted } from './gatewayCalls.js';

/** A log whose batches wait from {@link Hold.begin} on until they are let go. */
class Hold {
  private gate: Promise<void> = Promise.resolve();
  private open: () => void = () => undefined;
  private arrived: () => void = () => undefined;

  /** Resolves when a batch waits. */
  begin(): Promise<void> {
    this.gate = new Promise((resolve) => (this.open = resolve));
    return new Promise((resolve) => (this.arrived = resolve));
  }

  letGo(): void {
    this.open();
  }

  between(log: EventLog): EventLog {
    return {
      get last() {
        return log.last;
      },
      append: async (batch, events) => {
        this.arrived();
        await this.gate;
        return log.append(batch, events);
      },
      recover: () => log.recover(),
      close: () => log.close(),
    };
  }
}

interface Door {
  readonly gateway: Gateway;
  readonly hold: Hold;
  close(): Promise<void>;
}

const doors = new Map<string, Door>();

async function open({ servers, region, homes, folder }: DoorPlace): Promise<string> {
  const identities = openIdentityMap(folder);
  const received = await ReceivedEvents.open(folder);
  const opened = await kafkaLog({ region, ...servers, driver: 'confluent', replication: 1 }, folder, received.id);
  const register = openSharedHomes(homes, received.id);
  const hold = new Hold();
  const gateway = await createGateway({ region, log: hold.between(opened.log), identities, received, homes: register });
  const close = async (): Promise<void> => {
    await gateway.close();
    await register.close();
    await opened.close();
    await received.close();
    await identities.close();
  };
  doors.set(region, { gateway, hold, close });
  return received.id;
}

async function post({ gateway }: Door, eventIds: readonly string[]): Promise<Posted> {
  const payload = eventIds.map((eventId) => click(eventId, { learner: ADA }));
  const { statusCode, body } = await gateway.app.inject({ method: 'POST', url: '/v1/events', payload });
  return { status: statusCode, ...(JSON.parse(body) as object) };
}

async function answerTo(call: Call): Promise<unknown> {
  if (call.what === 'open') return open(call.place);
  const door = doors.get(call.region)!;
  switch (call.what) {
    case 'post':
      return post(door, call.eventIds);
    case 'hold':
      return door.hold.begin();
    case 'letGo':
      return door.hold.letGo();
    case 'close':
      return door.close();
  }
}

process.on('message', ({ nth, call }: { nth: number; call: Call }) => {
  answerTo(call).then(
    (result) => process.send!({ nth, result }),
    (error: unknown) => process.send!({ nth, error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send!({ nth: 0 });
