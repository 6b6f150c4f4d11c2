/** What a service replies differently from the monolith, by the name of the case, with the reason. */
export const differences: Readonly<Record<string, string>> = {};
