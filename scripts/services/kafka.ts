/** Kafka brokers (KRaft, each broker also a controller) as processes of this machine. */
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kafkaClassPath } from './artifacts.js';
import { HOST, withFreePorts } from './freePorts.js';
import { requireJava } from './java.js';
import { runOnce, startServer, startTogether, type Server, type ServerHost } from './serverProcess.js';

/** A running cluster. */
export interface Kafka {
  /** Addresses for a client, separated by commas. */
  readonly bootstrapServers: string;
  /** In the order of their node ids, which begin at 1. */
  readonly brokers: readonly Server[];
}

interface Node {
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
}

interface JavaPrograms {
  readonly java: string;
  readonly classPath: string;
}

/** Temporary files in the run's folder; no file in /tmp/hsperfdata, which a killed Java leaves behind. */
const javaOptions = (folder: string): string[] => ['-XX:-UsePerfData', '-Xmx384m', `-Djava.io.tmpdir=${folder}`];

/** Starts a cluster of one or three brokers, with automatic creation of topics off. @throws SFS_SERVICE_MISSING, SFS_SERVICE_FAILED */
export async function startKafka(host: ServerHost, count: 1 | 3): Promise<Kafka> {
  const programs: JavaPrograms = { java: requireJava('Kafka'), classPath: await kafkaClassPath(host.report) };
  host.report(count === 1 ? 'starting a Kafka broker' : `starting ${count} Kafka brokers`);
  const brokers = await withFreePorts(2 * count, (ports) => startBrokers(host, programs, nodesOn(ports)));
  return { bootstrapServers: brokers.map(({ address }) => address).join(','), brokers };
}

/** The first half of the ports is for clients. */
function nodesOn(ports: readonly number[]): Node[] {
  const count = ports.length / 2;
  return ports.slice(0, count).map((port, index) => ({ id: index + 1, port, controllerPort: ports[count + index]! }));
}

function startBrokers(host: ServerHost, programs: JavaPrograms, nodes: readonly Node[]): Promise<Server[]> {
  const bytes = randomBytes(16);
  // One that begins with a dash would be taken for an option.
  bytes[0]! &= 0x7f;
  const clusterId = bytes.toString('base64url');
  // Brokers wait for a quorum of each other: all at once.
  return startTogether(nodes.map((node) => startBroker(host, programs, { node, nodes, clusterId })));
}

interface BrokerPlan {
  readonly node: Node;
  readonly nodes: readonly Node[];
  readonly clusterId: string;
}

async function startBroker(host: ServerHost, { java, classPath }: JavaPrograms, plan: BrokerPlan): Promise<Server> {
  const name = `kafka-${plan.node.id}`;
  const folder = join(host.folder, name);
  await rm(folder, { recursive: true, force: true }); // of a try on other ports
  await mkdir(folder);
  const properties = join(folder, 'server.properties');
  const logging = join(folder, 'log4j2.properties');
  await Promise.all([writeFile(properties, propertiesText(brokerProperties(plan, folder))), writeFile(logging, LOGGING)]);
  const common = [...javaOptions(folder), `-Dlog4j2.configurationFile=${logging}`, '-cp', classPath];
  // Writes what a KRaft log begins with. A short life: the first compiler is enough for it.
  const format = ['-XX:TieredStopAtLevel=1', ...common, 'kafka.tools.StorageTool', 'format', '-t', plan.clusterId, '-c', properties];
  await runOnce(host, { name: `${name}-format`, program: java, args: format, folder });
  return startServer(host, {
    name,
    port: plan.node.port,
    program: java,
    args: [...common, 'kafka.Kafka', properties],
    folder,
    isReady: (log) => log.includes('Kafka Server started'),
  });
}

type Properties = Readonly<Record<string, string | number | boolean>>;

function brokerProperties({ node, nodes }: BrokerPlan, folder: string): Properties {
  const replicas = nodes.length;
  const minInSync = replicas === 3 ? 2 : 1;
  return {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': nodes.map(({ id, controllerPort }) => `${id}@${HOST}:${controllerPort}`).join(','),
    listeners: `PLAINTEXT://${HOST}:${node.port},CONTROLLER://${HOST}:${node.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${HOST}:${node.port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(folder, 'log'),
    'auto.create.topics.enable': false,
    'default.replication.factor': replicas,
    'min.insync.replicas': minInSync,
    ...internalTopic('offsets.topic', replicas),
    ...internalTopic('transaction.state.log', replicas),
    ...internalTopic('share.coordinator.state.topic', replicas),
    'transaction.state.log.min.isr': minInSync,
    'share.coordinator.state.topic.min.isr': minInSync,
    // One machine: groups need not wait for members from far away.
    'group.initial.rebalance.delay.ms': 100,
  };
}

/** Few partitions: each is two files and a replica to elect, and a test has few groups. */
const internalTopic = (prefix: string, replicas: number): Properties => ({
  [`${prefix}.replication.factor`]: replicas,
  [`${prefix}.num.partitions`]: 6,
});

const propertiesText = (properties: Properties): string =>
  Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');

/** Warnings, and the line that says that the broker serves. */
const LOGGING = propertiesText({
  status: 'error',
  'appender.console.type': 'Console',
  'appender.console.name': 'console',
  'appender.console.layout.type': 'PatternLayout',
  'appender.console.layout.pattern': '%d %p %c{1} %m%n',
  'rootLogger.level': 'warn',
  'rootLogger.appenderRef.console.ref': 'console',
  'logger.started.name': 'kafka.server.KafkaRaftServer',
  'logger.started.level': 'info',
});
