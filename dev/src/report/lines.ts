import { endedBy } from '../stack/ended.ts';
import type { StackEvent } from '../stack/events.ts';

/** An event as a sentence; null for events that are not shown. */
export function describe(event: StackEvent): string | null {
  switch (event.event) {
    case 'preparing':
      return `${event.process}: ${event.text}`;
    case 'starting':
      return null;
    case 'ready':
      return `${event.process}: ready in ${event.ms} ms${event.url === null ? '' : `, ${event.url}`}`;
    case 'done':
      return `${event.process}: done in ${event.ms} ms${event.lastLine === '' ? '' : `: ${event.lastLine}`}`;
    case 'restarted':
      return `${event.process}: ready again${event.url === null ? '' : `, ${event.url}`}`;
    case 'exited':
      return `${event.process}: ended with ${endedBy(event.code, event.signal, event.lastLine)}`;
    case 'stopped':
      return `${event.process}: stopped`;
    case 'down':
      return `${event.process}: stays down: ${event.reason}`;
    case 'port-taken':
      return `${event.process}: port ${event.port} is taken, so it listens on ${event.instead}`;
    case 'database-cloned':
      return `database ${event.from} copied to ${event.to} in ${event.ms} ms`;
  }
}
