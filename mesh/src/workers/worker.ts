import { pino } from 'pino';
import { endpointOperations } from '../admin/endpoint-operations.ts';
import { holdStatusOperations } from '../admin/hold-operations.ts';
import { inForceOperations } from '../admin/in-force-operations.ts';
import { settleOperations } from '../admin/settle-operations.ts';
import { telemetryOperations } from '../admin/telemetry-operations.ts';
import { systemClock } from '../clock.ts';
import { StackInForce } from '../control/stack-in-force.ts';
import { createEngine } from '../engine.ts';
import { openEntrances } from '../entrances.ts';
import { lineBlocks, visibleLines } from '../line-blocks.ts';
import type { Settings } from '../settings.ts';
import { logOptions } from '../telemetry/log-record.ts';
import { adoptEndpoints } from './known-endpoints.ts';
import type { FromWorker, ToWorker, WorkerState } from './messages.ts';
import { Questions } from './questions.ts';

/** Several processes write to one stdout. A pipe takes a write of this many bytes in one piece (PIPE_BUF). */
const pieceMax = 4096;
/** The primary waits less than this for the other workers. */
const toldMsMax = 3000;

/** Whole lines, together no longer than a pipe takes in one piece; a longer line stands alone. */
function piecesOf(block: string): string[] {
  const pieces: string[] = [];
  let from = 0;
  while (from < block.length) {
    const fits = block.lastIndexOf('\n', from + pieceMax - 1);
    const end = fits >= from ? fits : block.indexOf('\n', from);
    const next = end < 0 ? block.length : end + 1;
    pieces.push(block.slice(from, next));
    from = next;
  }
  return pieces;
}

/** The program of a worker: the data plane alone. The primary decides what is in force. */
async function start(settings: Settings, first: WorkerState): Promise<(message: ToWorker) => void> {
  if (first.config === null) throw new Error('A worker begins with a configuration.');
  const clock = systemClock;
  const destination = pino.destination({ fd: 1, sync: false, maxWrite: pieceMax });
  const lines = lineBlocks((block) => {
    for (const piece of piecesOf(block)) destination.write(piece);
  }, clock);
  const log = pino(logOptions(settings.logLevel), visibleLines(lines));
  const engine = createEngine({
    settings,
    clock,
    random: Math.random,
    log,
    logLine: log.isLevelEnabled('info') ? lines.write : () => {},
  });
  const { telemetry, metrics, parts, registry } = engine;
  const toPrimary = new Questions(clock);
  parts.settlers.tellOthers = async (key) => {
    await toPrimary.ask(toPrimary, toldMsMax, (id) => tell({ kind: 'unsettled', id, key }));
  };
  engine.endpointGauges();
  const inForce = new StackInForce(first.config, { parts, registry, generation: first.generation });
  adoptEndpoints(registry, first.endpoints);
  parts.holds.adopt(first.holds);
  const entrances = openEntrances(first.config, { settings, clock, metrics, handler: inForce.handler });
  const ports = await entrances.listen();
  telemetry.start(inForce.named, false);
  const operations = [
    ...inForceOperations(inForce),
    ...holdStatusOperations(parts.holds),
    ...settleOperations(parts.settlers),
    ...endpointOperations(registry, clock.now),
    ...telemetryOperations({
      metrics,
      traces: telemetry.traces,
      serviceSpans: telemetry.serviceSpans,
      errors: parts.errors,
      tap: parts.tap,
      shadows: parts.shadows,
      nowMs: clock.now,
    }),
  ];
  const taps = new Map<number, () => void>();

  const ask = async (path: string, params: Record<string, string>, query: string) => {
    const operation = operations.find((candidate) => candidate.path === path && candidate.right === 'read');
    return operation?.handle({ params, query: new URLSearchParams(query), headers: {}, body: undefined, peer: '' });
  };

  const openTap = async (id: number, query: string) => {
    const reply = await ask('/tap', {}, query);
    const stop = reply?.stream?.start({
      write: (line) => tell({ kind: 'line', id, line }),
      // The primary drops lines when its reader is too slow.
      waitingBytes: () => 0,
      end: () => taps.delete(id),
    });
    if (stop !== undefined) taps.set(id, stop);
  };

  const drain = async () => {
    await entrances.drain();
    await engine.close();
    for (const stop of taps.values()) stop();
    lines.flush();
    destination.flushSync();
    process.send?.({ kind: 'bye', metrics: metrics.copy(clock.now()) } satisfies FromWorker, () => process.exit(0));
  };

  tell({ kind: 'ready', ports: [...ports] });
  return (message) => {
    switch (message.kind) {
      case 'state': {
        const { state } = message;
        try {
          if (state.config !== null) inForce.adopt(state.config, state.generation);
          adoptEndpoints(registry, state.endpoints);
          parts.holds.adopt(state.holds);
          tell({ kind: 'confirmed', number: state.number });
        } catch (thrown) {
          tell({ kind: 'refused', number: state.number, message: String(thrown) });
        }
        break;
      }
      case 'ask':
        ask(message.path, message.params, message.query).then(
          (reply) => tell({ kind: 'reply', id: message.id, json: reply?.json ?? null }),
          () => tell({ kind: 'reply', id: message.id, json: null }),
        );
        break;
      case 'unsettled':
        parts.settlers.mark(message.key);
        tell({ kind: 'reply', id: message.id, json: true });
        break;
      case 'told':
        toPrimary.replied(message.id, true);
        break;
      case 'metrics':
        tell({ kind: 'metrics', id: message.id, metrics: metrics.copy(clock.now()) });
        break;
      case 'tap':
        openTap(message.id, message.query).catch((thrown) => log.error({ err: thrown }, 'tap failed'));
        break;
      case 'untap':
        taps.get(message.id)?.();
        taps.delete(message.id);
        break;
      case 'rotate':
        telemetry.rotate();
        break;
      case 'drain':
        void drain();
        break;
      case 'start':
        break;
    }
  };
}

function tell(message: FromWorker): void {
  // After the primary has gone, the cluster module ends this process.
  if (process.connected) process.send?.(message);
}

// A terminal sends these to the whole process group. The primary handles them.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => {});

const begin = (message: ToWorker) => {
  if (message.kind !== 'start') return;
  process.off('message', begin);
  const waiting: ToWorker[] = [];
  const hold = (early: ToWorker) => waiting.push(early);
  process.on('message', hold);
  start(message.settings, message.state).then(
    (take) => {
      process.off('message', hold);
      process.on('message', take);
      for (const early of waiting) take(early);
    },
    (thrown: NodeJS.ErrnoException) => {
      const failed: FromWorker = { kind: 'failed', message: thrown.message, code: thrown.code ?? null };
      process.send?.(failed, () => process.exit(1));
    },
  );
};
process.on('message', begin);
tell({ kind: 'hello' });
