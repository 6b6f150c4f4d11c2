import { watch } from 'node:fs';
import { pino } from 'pino';
import { ControlError } from '../control/control-error.ts';
import { type RunningMesh, runMesh } from '../run.ts';
import { readSettings } from '../settings.ts';
import { documentsIn } from './documents.ts';
import { MeshCliError } from './error.ts';

/** How long the folder must be quiet before it is read: editors and `kubectl`-like tools write several files at once. */
const settleMs = 150;

/** `mesh run`: until SIGTERM or SIGINT, which end it gracefully. */
export async function run(): Promise<void> {
  const { settings, faults } = readSettings(process.env);
  if (faults.length > 0) {
    const lines = faults.map(({ key, value, rule }) => `${key}=${value} must be ${rule}`);
    throw new MeshCliError(lines.join('\n'), 'Correct the environment; mesh/README.md lists every setting.');
  }
  // Written in blocks: one system call per line would cost more than the rest of a request.
  const destination = pino.destination({ fd: 1, sync: false, minLength: 16_000, periodicFlush: 500 });
  const log = pino({ level: settings.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  const mesh = await runMesh({
    settings,
    documents: () => documentsIn(settings.documents),
    log,
    logLine: log.isLevelEnabled('info') ? (line) => void destination.write(line) : () => {},
  });
  const stopWatching = watchDocuments(settings.documents, mesh);

  const reload = (why: string) => {
    mesh.reload('mesh', why).catch((thrown) => {
      // Refused documents have been logged, counted and journalled already.
      if (!(thrown instanceof ControlError)) log.error({ err: thrown }, 'reload failed');
    });
  };
  process.on('SIGHUP', () => reload('SIGHUP'));
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    stopWatching();
    log.info({ signal, inFlight: mesh.inFlight() }, 'stopping');
    mesh.stop().then(
      () => {
        log.info({}, 'stopped');
        destination.flushSync();
        process.exit(0);
      },
      (thrown) => {
        log.error({ err: thrown }, 'stop failed');
        destination.flushSync();
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  for (const [entrance, port] of mesh.ports) {
    log.info({ entrance, url: `http://${settings.host}:${port}` }, 'listening');
  }
  log.info({ entrance: 'admin', url: `http://${settings.adminHost}:${mesh.adminPort}` }, 'listening');
  destination.flush();
}

/** Puts documents in force when their folder changes. */
function watchDocuments(folder: string, mesh: RunningMesh): () => void {
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(folder, () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      mesh.reload('mesh', 'files changed').catch(() => {
        // Refused documents have been logged, counted and journalled already.
      });
    }, settleMs);
  });
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}
