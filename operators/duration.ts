/** Durations in milliseconds, so that a specification reads as it is said: `sizeMs: days(7)`. */
export const seconds = (count: number): number => count * 1_000;
/** Minutes in milliseconds. */
export const minutes = (count: number): number => count * 60_000;
/** Hours in milliseconds. */
export const hours = (count: number): number => count * 3_600_000;
/** Days of 24 hours in milliseconds. */
export const days = (count: number): number => count * 86_400_000;
