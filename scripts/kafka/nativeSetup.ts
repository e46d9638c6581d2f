/** The compiled part of the Kafka driver `confluent`, as a step of `npm run test:setup`. */
import { getNativePart } from './nativePart.js';

/** Gets it where it is missing. Its tests are skipped where it cannot be had: no failure. */
export async function setUpKafkaNative(): Promise<0> {
  const there = await getNativePart((line) => console.log(`kafka driver confluent: ${line}`));
  if (there) console.log('kafka driver confluent: its compiled part is there');
  else console.error('kafka driver confluent: its compiled part is missing. Without it the driver cannot be used, and its tests are skipped.');
  return 0;
}
