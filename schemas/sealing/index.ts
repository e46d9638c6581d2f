/** Encryption of personal values under a key of their owner. See ADR 0030. */
export * from './cipher.js';
export * from './diskSeal.js';
export * from './envelopePlace.js';
export * from './keyRing.js';
export * from './sealing.js';
export { isWhole, keyIdOfWhole } from './wholeValue.js';
