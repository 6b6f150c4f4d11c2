const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a text can be asked of a uuid column at all; what cannot is unknown, not an error of the store. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}
