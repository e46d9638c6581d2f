/** The compiled part of the Kafka driver `confluent`, as a step of `npm run test:setup`. */
import { getNativePart } from './nativePart.js';

/** Gets it where it is missing. Its tests are skipped where it cannot be had: no failure. */
export async function setUpKafkaNative(report: (line: string) => void): Promise<0> {
  const there = await getNativePart(report);
  report(there ? 'its compiled part is there' : 'its compiled part is missing. Without it the driver cannot be used, and its tests are skipped.');
  return 0;
}
