/** Milliseconds since the epoch. A parameter wherever time decides something, so that tests can hold it still. */
export type Clock = () => number;

export const systemClock: Clock = Date.now;
