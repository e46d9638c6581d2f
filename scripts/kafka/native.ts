/** `npm run kafka:native`: gets the compiled part that the Kafka driver `confluent` needs. Does nothing where it is there. */
import { getNativePart } from './nativePart.js';

const there = await getNativePart((line) => console.log(line));
if (there) console.log('the compiled part of the Kafka driver "confluent" is there');
else console.error('the compiled part of the Kafka driver "confluent" is missing: the driver cannot be used');
process.exitCode = there ? 0 : 1;
