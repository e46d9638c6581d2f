/** A text as a pattern of Redis that matches it alone. */
export const literally = (text: string): string => text.replace(/[\\*?[\]]/g, '\\$&');
