/**
 * The way in: events of a learning management system or an app, over HTTP.
 *
 * @example
 * const gateway = await createGateway({ region: 'eu-west', log, identities: openIdentityMap(folder), received: await ReceivedEvents.open(folder) });
 * console.log(await gateway.listen({ port: 0 }));
 */
export type { EventLog, LoggedEvent } from './eventLog.js';
export type { IssuerOptions } from '../http/access/issuer.js';
export type { AccessOptions } from '../http/access/policy.js';
export type { ServerTls } from '../http/tlsServer.js';
export type { IdentityMap } from './identityMap.js';
export type { HomeRegister, Removal, Resident } from './homeRegister.js';
export { newSecretIn, secretIn } from './keyedFile.js';
export { HOMES_FILE, HOMES_KEY_FILE, openHomeRegister } from './lmdbHomeRegister.js';
export { IDENTITY_FILE, IDENTITY_KEY_FILE, openIdentityMap } from './lmdbIdentityMap.js';
export { EVENT_TOPICS, WRITTEN_TOPICS, eventTopic, writtenTopic, type EventTopic, type WrittenTopic } from './newEvent.js';
export { KEPT_MS, RECEIVED_FILE, ReceivedEvents, receivedKey, regionNotedIn } from './receivedEvents.js';
export type { RightsOutcomes } from './rightsOutcomes.js';
export { createGateway, DEFAULT_GATEWAY_PORT, type Gateway, type GatewayOptions } from './server.js';
export { openStore } from './store.js';
