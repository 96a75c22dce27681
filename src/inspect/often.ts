/** A count of occurrences, for people. */
export const often = (count: number): string => (count === 1 ? 'once' : `${count} times`);
