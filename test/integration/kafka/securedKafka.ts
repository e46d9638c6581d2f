/** A broker that asks for TLS, and for a user's password by PLAIN or SCRAM. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KNOWN_SECRET } from '../../../scripts/checks/knownSecret.js';
import { kafkaClassPath } from '../../../scripts/services/artifacts.js';
import { HOST, withFreePorts } from '../../../scripts/services/freePorts.js';
import { requireJava } from '../../../scripts/services/java.js';
import { startServer, type Server, type ServerHost } from '../../../scripts/services/serverProcess.js';
import { Watchdog } from '../../../scripts/services/watchdog.js';

export const USER = { username: 'alice', password: `alice-has-one-${KNOWN_SECRET}` };
const CLUSTER = 'skillforgeSecuredTest1';
const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'];

/** The broker. */
export interface SecuredKafka {
  readonly address: string;
  /** PEM of the certificate to trust. */
  readonly ca: string;
  close(): Promise<void>;
}

/** What else a broker may have. */
export interface SecuredOptions {
  /** Passwords of users besides {@link USER}, by SCRAM-SHA-256. */
  readonly users?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, string | boolean>>;
}

/** Starts it. @throws SFS_SERVICE_MISSING */
export async function startSecuredKafka(options: SecuredOptions = {}): Promise<SecuredKafka> {
  const java = requireJava('Kafka');
  const classPath = await kafkaClassPath(() => undefined);
  const folder = mkdtempSync(join(tmpdir(), 'skillforge-secured-'));
  const watchdog = new Watchdog(folder);
  const host: ServerHost = { folder, watchdog, report: () => undefined, onCrash: () => undefined };
  const ca = certificate(folder);
  try {
    const server = await withFreePorts(3, (ports) => start(host, { java, classPath, ports, options }));
    return {
      address: server.address,
      ca,
      close: async () => {
        await server.kill();
        await watchdog.close();
      },
    };
  } catch (error) {
    await watchdog.close();
    throw error;
  }
}

/** Makes a key and a certificate for the address, which trusts itself. */
function certificate(folder: string): string {
  const [key, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', `subjectAltName=IP:${HOST},DNS:localhost`];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', certificateFile, ...subject], {
    stdio: 'ignore',
  });
  const ca = readFileSync(certificateFile, 'utf8');
  writeFileSync(join(folder, 'keystore.pem'), `${readFileSync(key, 'utf8')}${ca}`);
  return ca;
}

interface Plan {
  readonly java: string;
  readonly classPath: string;
  readonly ports: readonly number[];
  readonly options: SecuredOptions;
}

async function start(host: ServerHost, { java, classPath, ports, options }: Plan): Promise<Server> {
  const [client, inside, controller] = ports as [number, number, number];
  const { folder } = host;
  const properties = join(folder, 'server.properties');
  const login = 'org.apache.kafka.common.security';
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${HOST}:${controller}`,
    listeners: `SASL_SSL://${HOST}:${client},PLAINTEXT://${HOST}:${inside},CONTROLLER://${HOST}:${controller}`,
    'advertised.listeners': `SASL_SSL://${HOST}:${client},PLAINTEXT://${HOST}:${inside}`,
    'listener.security.protocol.map': 'SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(folder, `log-${client}`),
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(folder, 'keystore.pem'),
    'sasl.enabled.mechanisms': MECHANISMS.join(','),
    'listener.name.sasl_ssl.plain.sasl.jaas.config': `${login}.plain.PlainLoginModule required user_${USER.username}="${USER.password}";`,
    ...Object.fromEntries(
      MECHANISMS.slice(1).map((mechanism) => [
        `listener.name.sasl_ssl.${mechanism.toLowerCase()}.sasl.jaas.config`,
        `${login}.scram.ScramLoginModule required;`,
      ]),
    ),
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'group.initial.rebalance.delay.ms': 100,
    ...options.settings,
  };
  const text = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(properties, text.join(''));
  const scram = MECHANISMS.slice(1).flatMap((mechanism) => ['--add-scram', `${mechanism}=[name=${USER.username},password=${USER.password}]`]);
  for (const [name, password] of Object.entries(options.users ?? {})) scram.push('--add-scram', `SCRAM-SHA-256=[name=${name},password=${password}]`);
  const tool = ['-cp', classPath, 'kafka.tools.StorageTool', 'format', '-t', CLUSTER, '-c', properties, ...scram];
  execFileSync(java, tool, { stdio: 'ignore' });
  return startServer(host, {
    name: 'kafka-secured',
    port: client,
    program: java,
    args: ['-Xmx384m', '-XX:-UsePerfData', `-Dlog4j2.configurationFile=${logging(folder)}`, '-cp', classPath, 'kafka.Kafka', properties],
    folder,
    isReady: (log) => log.includes('Kafka Server started'),
  });
}

function logging(folder: string): string {
  const path = join(folder, 'log4j2.properties');
  writeFileSync(
    path,
    [
      'appender.console.type=Console',
      'appender.console.name=console',
      'appender.console.layout.type=PatternLayout',
      'appender.console.layout.pattern=%d %p %c{1} %m%n',
      'rootLogger.level=warn',
      'rootLogger.appenderRef.console.ref=console',
      'logger.started.name=kafka.server.KafkaRaftServer',
      'logger.started.level=info',
    ].join('\n'),
  );
  return path;
}
