import { cohortId, courseId, itemId, learnerId, type Click, type Opened, type Sealed } from '../../schemas/index.js';

export const click: Opened<Click> = {
  eventId: 'e1',
  learner: learnerId('l1'),
  course: courseId('AAA-2014J'),
  cohort: cohortId('c1'),
  occurredAtMs: 1_400_000_000_000,
  region: 'eu-west',
  personal: { action: 'VIEW', item: itemId('i1'), dwellMs: 0, clicks: 3 },
};

export const sealed: Sealed = { keyId: 'k1', algorithm: 'AES-256-GCM', nonce: Buffer.alloc(12), ciphertext: Buffer.from('secret') };

/** The error that a call throws. */
export function thrownBy(call: () => unknown): {
  readonly code?: string;
  readonly message: string;
  readonly context?: Readonly<Record<string, unknown>>;
} {
  try {
    call();
  } catch (error) {
    return error as { code?: string; message: string };
  }
  throw new Error('nothing was thrown');
}
