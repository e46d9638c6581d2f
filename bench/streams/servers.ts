/** The servers of the benchmark. */
import { markerIdOf } from '../../runtime/engine/header.js';
import { openBroker, type Admin, type Broker } from '../../runtime/kafka/index.js';
import { startServices, type Services } from '../../scripts/services/index.js';
import { progress } from '../report.js';

/** One Kafka broker and one Redis, and a client of the broker. */
export class BenchServers {
  readonly kafka: string;
  readonly redis: string;

  private constructor(
    private readonly services: Services,
    readonly broker: Broker,
    readonly admin: Admin,
  ) {
    this.kafka = services.kafka!.bootstrapServers;
    this.redis = services.redis!.url;
  }

  static async start(): Promise<BenchServers> {
    const services = await startServices({ brokers: 1, redis: 'single', report: progress });
    const brokers = [services.kafka!.bootstrapServers];
    const broker = await openBroker('confluent', { brokers, markerIdOf: (header) => markerIdOf(header) ?? 'marker' });
    return new BenchServers(services, broker, await broker.admin());
  }

  async close(): Promise<void> {
    await this.admin.close();
    await this.broker.close();
    await this.services.close();
  }
}
