import { flushCompileCache } from 'node:module';
import { pino } from 'pino';
import { systemClock } from '../clock.ts';
import { ControlError } from '../control/control-error.ts';
import { lineBlocks, visibleLines } from '../line-blocks.ts';
import { runMesh } from '../run.ts';
import { readSettings } from '../settings.ts';
import { logOptions } from '../telemetry/log-record.ts';
import { documentsIn } from './documents.ts';
import { MeshCliError } from './error.ts';
import { watchDocuments } from './watch-documents.ts';

/** `mesh run`: runs until SIGTERM or SIGINT, which end it gracefully. */
export async function run({ workers }: { workers?: string }, env: NodeJS.ProcessEnv): Promise<void> {
  const { settings, faults } = readSettings(workers === undefined ? env : { ...env, MESH_WORKERS: workers });
  if (faults.length > 0) {
    const lines = faults.map(({ key, value, rule }) => `${key}=${value} must be ${rule}`);
    throw new MeshCliError(lines.join('\n'), 'Correct the environment; mesh/README.md lists every setting.');
  }
  const destination = pino.destination({ fd: 1, sync: false });
  const lines = lineBlocks((block) => void destination.write(block), systemClock);
  const log = pino(logOptions(settings.logLevel), visibleLines(lines));
  const flushSync = () => {
    lines.flush();
    destination.flushSync();
  };
  const mesh = await runMesh({
    settings,
    documents: () => documentsIn(settings.documents, env),
    log,
    logLine: log.isLevelEnabled('info') ? lines.write : () => {},
  });
  const stopWatching = await watchDocuments(settings.documents, {
    onChange: () => {
      mesh.reload('mesh', 'files changed').catch(() => {
        // Refused documents have been logged, counted and put into the journal already.
      });
    },
    onFailure: (err) => log.error({ err }, 'the documents cannot be watched: SIGHUP reloads them'),
  });

  const reload = (why: string) => {
    mesh.reload('mesh', why).catch((thrown) => {
      // Refused documents have been logged, counted and put into the journal already.
      if (!(thrown instanceof ControlError)) log.error({ err: thrown }, 'reload failed');
    });
  };
  process.on('SIGHUP', () => reload('SIGHUP'));
  process.on('SIGUSR2', () => {
    mesh.restart('mesh', 'SIGUSR2').catch((thrown) => log.error({ err: thrown }, 'workers not replaced'));
  });
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    stopWatching();
    log.info({ signal, inFlight: mesh.inFlight() }, 'stopping');
    mesh.stop().then(
      () => {
        log.info({}, 'stopped');
        flushSync();
        process.exit(0);
      },
      (thrown) => {
        log.error({ err: thrown }, 'stop failed');
        flushSync();
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  for (const [entrance, port] of mesh.ports) {
    log.info({ entrance, url: `http://${settings.host}:${port}` }, 'listening');
  }
  void mesh.adminListens.then((port) => {
    log.info({ entrance: 'admin', url: `http://${settings.adminHost}:${port}` }, 'listening');
    lines.flush();
    // With NODE_COMPILE_CACHE, the next start finds what this one compiled, however this one ends.
    flushCompileCache();
  });
  lines.flush();
}
