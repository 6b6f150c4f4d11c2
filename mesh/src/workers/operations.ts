import { fieldsOf, textOf } from '../admin/fields.ts';
import { holdPaths } from '../admin/hold-operations.ts';
import type { Operation } from '../admin/server.ts';
import { spansPath } from '../admin/telemetry-operations.ts';
import { ControlError } from '../control/control-error.ts';
import type { HoldStatus } from '../hold/holds.ts';
import { statsOf } from '../telemetry/stats.ts';
import { waitingBytesMax, watchersMax } from '../telemetry/tap.ts';
import type { Fleet } from './fleet.ts';
import { mergedHold, merges } from './merge.ts';

/**
 * The operations of a primary. A change gets its reply when every worker has it in force. A read of what single workers
 * know asks all of them. @param nowMs monotonic
 */
export function mergedOperations(operations: readonly Operation[], fleet: Fleet, nowMs: () => number): Operation[] {
  return operations.map((operation) => {
    const merge = merges[operation.path];
    // No worker has them.
    if (operation.path === spansPath) return operation;
    if (operation.right === 'change' || operation.right === 'lease') return settledOperation(operation, fleet);
    if (operation.path === '/tap') return tapOperation(operation, fleet);
    if (operation.right === 'read' && holdPaths.some((path) => path === operation.path)) {
      return holdStatusOperation(operation, fleet);
    }
    if (merge !== undefined) {
      return {
        ...operation,
        handle: async (request) => {
          // First: this finds a malformed question.
          const own = await operation.handle(request);
          const replies = await fleet.ask(operation.path, request.params, request.query);
          return { ...own, json: merge([own.json, ...replies], request.query) };
        },
      };
    }
    switch (operation.path) {
      case '/metrics':
        return {
          ...operation,
          handle: async (request) => {
            const { text } = await operation.handle(request);
            const content = (await fleet.metrics()).text();
            return { text: { type: text?.type ?? 'text/plain', content } };
          },
        };
      case '/metrics.json':
        return { ...operation, handle: async () => ({ json: (await fleet.metrics()).json() }) };
      case '/stats':
        return { ...operation, handle: async () => ({ json: statsOf(await fleet.metrics(), nowMs()) }) };
      default:
        return operation;
    }
  });
}

function settledOperation(operation: Operation, fleet: Fleet): Operation {
  return {
    ...operation,
    handle: async (request) => {
      const reply = await operation.handle(request);
      await fleet.settled();
      return reply;
    },
  };
}

/** A worker that gives no reply may have requests in flight: then there is no reply for all of them either. */
function holdStatusOperation(operation: Operation, fleet: Fleet): Operation {
  return {
    ...operation,
    handle: async (request) => {
      const own = await operation.handle(request);
      const { serving } = fleet;
      const replies = await fleet.ask(operation.path, request.params, request.query);
      if (replies.length < serving)
        throw new ControlError('busy', ['a worker did not say what it has in flight: ask again']);
      return { ...own, json: mergedHold([own.json, ...replies] as HoldStatus[]) };
    },
  };
}

function tapOperation(operation: Operation, fleet: Fleet): Operation {
  return {
    ...operation,
    handle: async (request) => {
      const { stream } = await operation.handle(request);
      if (stream === undefined) return {};
      if (fleet.taps >= watchersMax) throw new ControlError('busy', ['too many are watching: end one of the others']);
      const query = new URLSearchParams(request.query);
      const perSecond = Number(query.get('perSecond'));
      // The limit is for all workers together: each gets its part.
      if (perSecond > 0) query.set('perSecond', String(Math.ceil(perSecond / Math.max(1, fleet.ready))));
      return {
        stream: {
          type: stream.type,
          start: (sink) => {
            let dropped = 0;
            return fleet.tap(query, (line) => {
              if (sink.waitingBytes() > waitingBytesMax) {
                dropped += 1;
                return;
              }
              if (dropped > 0) sink.write(`{"event":"alive","dropped":${dropped}}\n`);
              dropped = 0;
              sink.write(line);
            });
          },
        },
      };
    },
  };
}

/** The operations about workers; a mesh of one process (`fleet` null) has them too. */
export function workerOperations(fleet: Fleet | null, restart: (who: string, why: string) => void): Operation[] {
  const shown = () => ({ workers: fleet?.list() ?? [], replacement: fleet?.replacement ?? null });
  return [
    {
      methods: ['GET'],
      path: '/workers',
      right: 'read',
      summary:
        'The worker processes: pid, state, since when, and the generation that each has in force; their replacement: whether it is under way, and why it failed.',
      handle: () => ({ json: shown() }),
    },
    {
      methods: ['POST'],
      path: '/restart',
      right: 'change',
      summary:
        'Replaces the workers one after the other, losing no request: {"who":"…","why":"…"}. 202; /workers says how far it is.',
      handle: ({ body }) => {
        if (fleet === null) {
          throw new ControlError('invalid', [
            'this mesh has no workers to replace: start it with --workers, or start a second one beside it (MESH_REUSE_PORT)',
          ]);
        }
        const { who, why } = fieldsOf(body);
        restart(textOf(who, 'admin'), textOf(why, ''));
        return { status: 202, json: shown() };
      },
    },
  ];
}
