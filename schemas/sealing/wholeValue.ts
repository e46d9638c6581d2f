import { NONCE_BYTES } from './cipher.js';

/** Stands before values that are sealed as a whole: no record of the wire format begins so. */
export const MAGIC = Buffer.from([0x53, 0x46, 0x4b, 0x01]);
/** Letters of the id of a data key. */
export const ID_LETTERS = 22;
/** What stands before the ciphertext: magic, key id, nonce. */
export const WHOLE_HEAD_BYTES = MAGIC.length + ID_LETTERS + NONCE_BYTES;

/** Whether a value is encrypted as a whole. */
export const isWhole = (value: Buffer): boolean => value.length > WHOLE_HEAD_BYTES && value.compare(MAGIC, 0, MAGIC.length, 0, MAGIC.length) === 0;

/** Which key opens a value that {@link isWhole}. */
export const keyIdOfWhole = (value: Buffer): string => value.toString('latin1', MAGIC.length, MAGIC.length + ID_LETTERS);
