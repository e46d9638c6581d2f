/** Servers without Docker. */
export type { Kafka } from './kafka.js';
export type { Mlflow } from './mlflow.js';
export type { OpenBao } from './openBao.js';
export type { Redis, RedisLayout } from './redis.js';
export type { Registry } from './registry.js';
export type { Server } from './serverProcess.js';
export { startServices, type Services, type ServicesOptions } from './startServices.js';
