/** Moments are stored and sent on in microseconds since the epoch, and shown in milliseconds. */
export type Micros = number;

/** The text of a moment in the API: RFC 3339, UTC, milliseconds. */
export function shownMoment(micros: Micros): string {
  return new Date(Math.floor(micros / 1_000)).toISOString();
}

/** The moment of a clock in milliseconds. */
export function microsOf(ms: number): Micros {
  return ms * 1_000;
}

/** `meta` of a resource. */
export function timestamps(createdAt: Micros, updatedAt: Micros) {
  return { timestamps: { created_at: shownMoment(createdAt), updated_at: shownMoment(updatedAt) } };
}
