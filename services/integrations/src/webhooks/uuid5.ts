import { createHash } from 'node:crypto';

/** The UUIDv5 of a name in a namespace, which is a UUID (RFC 9562, section 5.5). */
export function uuid5(namespace: string, name: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest();
  const bytes = hash.subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * The id of the delivery of an event to an integration. Whatever makes it makes the same one, so that two programs
 * cannot deliver one event under two ids.
 */
export function deliveryId(eventId: string, integrationId: string): string {
  return uuid5(eventId, integrationId);
}
