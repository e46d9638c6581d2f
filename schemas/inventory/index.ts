/** What the project keeps of persons: where, why, and for how long. The record of processing is made of it. */
export * from './activities.js';
export * from './stores.js';
export * from './topicUses.js';
