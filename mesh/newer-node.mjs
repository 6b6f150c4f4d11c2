// Plain JavaScript, so that a Node.js too old to run TypeScript gets a sentence instead of a stack trace.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';

/** The oldest that strips types without a flag. */
const oldest = [22, 18];

function runsTypeScript(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

/** The Node.js that `npm ci` brings along on Linux; null elsewhere, and where it was left out. */
function packaged() {
  try {
    return createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/bin/node`);
  } catch {
    return null;
  }
}

/**
 * Comes back where this Node.js runs TypeScript. Where it is too old, the same command line runs with the Node.js that npm
 * brought along, and this process ends as that one does; without one, it ends with 1 and says what is missing.
 */
export async function newerNode() {
  if (runsTypeScript(process.versions.node)) return;
  const file = packaged();
  if (file === null) {
    const has = `this is ${process.version}: ${process.execPath}`;
    console.error(`Node.js ${oldest.join('.')} or newer is needed (on Linux, npm ci brings one along); ${has}`);
    process.exit(1);
  }
  const child = spawn(file, process.argv.slice(1), { stdio: 'inherit' });
  // A terminal sends SIGINT to both; the child decides what comes of it.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => child.kill(signal));
  const [code, signal] = await new Promise((resolve) => child.once('exit', (...ended) => resolve(ended)));
  process.exit(code ?? 128 + constants.signals[signal]);
}
