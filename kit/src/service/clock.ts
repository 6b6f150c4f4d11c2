/** Milliseconds since the epoch. Code that decides by time takes a clock as a parameter, so that tests can stop it. */
export type Clock = () => number;

export const systemClock: Clock = Date.now;
