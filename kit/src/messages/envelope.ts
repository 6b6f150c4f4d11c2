import type { Options } from 'amqplib';
import { faultOf, type NewEvent } from '../store/events.ts';

export { type NewEvent as Envelope, resourceOf } from '../store/events.ts';

/** A message that no attempt can handle. It becomes a dead letter at once. */
export class BadMessage extends Error {
  override readonly name = 'BadMessage';
}

/** The message of an event. The body holds all of it; the properties repeat what people look for. */
export function messageOf(event: NewEvent): { content: Buffer; properties: Options.Publish } {
  return {
    content: Buffer.from(JSON.stringify(event)),
    properties: {
      messageId: event.id,
      type: event.type,
      contentType: 'application/json',
      timestamp: Math.floor(event.occurredAtUs / 1_000_000),
    },
  };
}

/**
 * Reads a message. Members that this version does not know are kept, because a schema only ever grows.
 *
 * @throws BadMessage
 */
export function eventOf(content: Buffer): NewEvent {
  const event = parsed(content);
  const texts = [event.id, event.type, event.aggregateId];
  if (!texts.every((text) => typeof text === 'string')) throw new BadMessage('id, type or aggregateId is not text');
  if (event.trace !== undefined && !isObject(event.trace)) throw new BadMessage('the trace is not an object');
  if (event.deadlineMs !== undefined && typeof event.deadlineMs !== 'number') {
    throw new BadMessage('the deadline is not a number');
  }
  const fault = faultOf(event as unknown as NewEvent);
  if (fault !== null) throw new BadMessage(fault);
  return event as unknown as NewEvent;
}

function parsed(content: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(content.toString('utf8'));
  } catch (cause) {
    throw new BadMessage('it is not JSON', { cause });
  }
  if (!isObject(value)) throw new BadMessage('it is not an object');
  return value;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
