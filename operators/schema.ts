/** Shapes of what operators keep or send on: the ones that topics are declared with. */
export * from '../schemas/value-schema.js';
