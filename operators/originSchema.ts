import type { Origin } from './record.js';
import { schema, type ValueSchema } from './schema.js';

/** Where a record that an operator holds lies in its topic; `null` for what a timer made. It is buried from there if it fails later. */
export const heldOrigin: ValueSchema<Origin | null> = schema.nullable(
  schema.record({ topic: schema.string, partition: schema.long, offset: schema.long }),
);
