import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { runMesh } from '../src/run.ts';
import { readSettings } from '../src/settings.ts';
import { backendRef, meshConfig, route, rule, service } from '../src/testing/config.ts';
import { heldLog, until } from '../src/testing/harness.ts';
import { type FuzzCase, fuzzCase } from './cases.ts';
import { play } from './client.ts';
import { forwardingFaults, judge, type Played } from './judge.ts';
import { type Observed, Observer } from './observer.ts';
import { type Received, startRecorder } from './upstream.ts';

export interface FuzzOptions {
  seed: number;
  /** Ends with the first batch that reaches this number of requests. */
  requests: number;
  /** Only these cases, to reproduce a finding. */
  cases?: { first: number; last: number };
  /** Concurrent connections. */
  concurrency?: number;
  /** Ends early after this. */
  limitMs?: number;
  onProgress?: (figures: FuzzFigures) => void;
}

export interface FuzzFigures {
  connections: number;
  /** The number of generated requests. Mutations change how many the mesh sees. */
  requests: number;
  /** Requests that the mesh parsed. */
  read: number;
  /** Of those: refused because of their head. */
  refused: number;
  /** Refused before a request was parsed. */
  unread: number;
  /** Sent on an upstream connection. */
  forwarded: number;
  /** Read by Node behind the mesh. */
  received: number;
  /** Bytes of compared bodies. */
  bodyBytes: number;
  /** Replies of the mesh by status, including those of the upstream. */
  statuses: Record<string, number>;
  seconds: number;
}

/** A fault of the mesh. */
export interface Finding {
  /** The case to look at, or all cases of a batch if the fault cannot be assigned to one. */
  cases: { first: number; last: number };
  what: string[];
}

export interface FuzzReport extends FuzzFigures {
  findings: Finding[];
  /** Whether the time ran out before the requests did. */
  cut: boolean;
}

const batchCases = 1024;
/** Findings beyond this number add no information. */
const findingsMax = 10;
/** Short enough for a test to wait, long enough for a busy machine. */
const meshLimits = { headTimeoutMs: 1500, idleTimeoutMs: 2000, keepAliveMs: 2000, drainMs: 2000 };
const hangMs = 15_000;

/**
 * Runs cases against a whole mesh in this process, with a Node server behind it, and judges each. Faults of the mesh
 * are `findings`; they never throw.
 */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { seed, requests, concurrency = 96, limitMs = Number.POSITIVE_INFINITY } = options;
  const startedAtMs = performance.now();
  const findings: Finding[] = [];
  let playing = { first: 0, last: 0 };
  const crash = (thrown: unknown) => {
    findings.push({ cases: playing, what: [`uncaught: ${thrown instanceof Error ? thrown.stack : String(thrown)}`] });
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);

  const recorder = await startRecorder();
  const cases = new Map<string, FuzzCase>();
  const nonce = `fuzz-${process.pid}-${Date.now().toString(36)}`;
  const observer = new Observer(nonce, (address) => cases.get(address)?.behavior ?? 'reply');
  const log = heldLog();
  const mesh = await runMesh({
    settings: { ...readSettings({}).settings, internalPort: 0, adminPort: 0, ...meshLimits },
    documents: async () => ({
      config: meshConfig(
        [service('shop', [recorder.port])],
        [
          route('all', [
            rule({ backendRefs: [backendRef('shop')], retry: { codes: [503], attempts: 2, backoffMs: 1 } }),
          ]),
        ],
      ),
    }),
    log,
    logLine: () => {},
    around: observer.around,
  });
  const port = mesh.ports.get('edge') ?? 0;
  const ownAddresses = await canHaveAddresses();
  const figures: FuzzFigures = {
    connections: 0,
    requests: 0,
    read: 0,
    refused: 0,
    unread: 0,
    forwarded: 0,
    received: 0,
    bodyBytes: 0,
    statuses: {},
    seconds: 0,
  };

  /** Requests of the previous batch that were canceled before the upstream read them. It may still read them. */
  let awaited = new Map<string, Observed>();

  const playBatch = async (first: number, length: number) => {
    playing = { first, last: first + length - 1 };
    const batch = Array.from({ length }, (_, i) => fuzzCase(seed, first + i));
    const played: Played[] = [];
    const queue = [...batch];
    const worker = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const clientAddress = ownAddresses ? addressOf(next.index) : '127.0.0.1';
        cases.set(clientAddress, next);
        const client = await play(next, {
          port,
          localAddress: clientAddress,
          busy: () => observer.busy(clientAddress),
          hangMs,
        });
        played.push({ fuzz: next, clientAddress, client, observed: [], received: new Map() });
        if (!ownAddresses) await settled(played.slice(-1));
      }
    };
    await Promise.all(Array.from({ length: ownAddresses ? concurrency : 1 }, worker));
    if (ownAddresses) await settled(played);
    cases.clear();
    figures.connections += batch.length;
    figures.requests += batch.reduce((sum, one) => sum + one.requests, 0);
  };

  /** Waits until no request is in flight, and judges. */
  const settled = async (played: readonly Played[]) => {
    const quiet = () => mesh.inFlight() === 0 && observer.pending() === 0;
    try {
      await until(quiet, 'no request is in flight');
      await until(async () => (await openConnections(mesh.adminPort)) === 0, 'no client is connected');
    } catch {
      findings.push({
        cases: playing,
        what: [
          `left behind: ${mesh.inFlight()} exchanges of the listener, ${observer.pending()} of the stack, ${await openConnections(mesh.adminPort)} connections of clients`,
        ],
      });
    }
    const received = new Map<string, Received[]>();
    const expected = awaited;
    awaited = new Map();
    for (const request of recorder.take()) {
      figures.received += 1;
      const marker = request.markers.length === 1 ? (request.markers[0] as string) : '';
      received.set(marker, [...(received.get(marker) ?? []), request]);
    }
    const observed = Map.groupBy(observer.take(), ({ clientAddress }) => clientAddress);
    for (const one of played) {
      const own = observed.get(one.clientAddress) ?? [];
      const what = judge({ ...one, observed: own, received });
      if (what.length > 0) findings.push({ cases: { first: one.fuzz.index, last: one.fuzz.index }, what });
      for (const request of own) {
        const { marker, refused, facts, status, body } = request;
        if (facts.attempts > (received.get(marker)?.length ?? 0)) awaited.set(marker, request);
        received.delete(marker);
        figures.read += 1;
        if (refused !== null) figures.refused += 1;
        if (facts.attempts > 0) figures.forwarded += 1;
        figures.bodyBytes += body.reduce((sum, { length }) => sum + length, 0);
        const name = String(status ?? 'none');
        figures.statuses[name] = (figures.statuses[name] ?? 0) + 1;
      }
    }
    for (const [marker, requests] of received) {
      const late = expected.get(marker);
      if (late !== undefined) {
        const what = forwardingFaults(late, requests);
        if (what.length > 0) findings.push({ cases: playing, what });
        continue;
      }
      const lines = requests.map(({ method, url }) => `${method} ${url}`);
      findings.push({
        cases: playing,
        what: [`smuggled: seen upstream with no request of the mesh (${marker}): ${lines}`],
      });
    }
    for (const refusal of recorder.takeRefusals()) findings.push({ cases: playing, what: [refusal] });
    log.lines.length = 0;
  };

  let cut = false;
  let next = options.cases?.first ?? 0;
  const end = options.cases === undefined ? Number.POSITIVE_INFINITY : options.cases.last + 1;
  while (!cut && next < end && figures.requests < requests && findings.length < findingsMax) {
    // Cases have 3.3 requests on average, and each batch waits for its slowest, so a short run is one batch.
    const count = Math.min(batchCases, end - next, Math.max(16, Math.ceil((requests - figures.requests) / 3.2)));
    await playBatch(next, count);
    next += count;
    figures.seconds = (performance.now() - startedAtMs) / 1000;
    options.onProgress?.(figures);
    cut = figures.seconds * 1000 > limitMs && figures.requests < requests;
  }

  figures.unread = await sumOf(mesh.adminPort, 'http_server_connections_refused_total');
  await mesh.stop();
  try {
    await until(() => recorder.connections() === 0, 'the mesh has closed its connections');
  } catch {
    findings.push({
      cases: playing,
      what: [`leaked: ${recorder.connections()} connections to the upstream after the end`],
    });
  }
  await recorder.close();
  process.off('uncaughtException', crash);
  process.off('unhandledRejection', crash);
  figures.seconds = (performance.now() - startedAtMs) / 1000;
  return { ...figures, findings, cut };
}

/** An address of its own for each case, which identifies the mesh's requests by their origin. */
function addressOf(index: number): string {
  return `127.${1 + ((index >> 16) % 250)}.${(index >> 8) & 255}.${index & 255}`;
}

/** Linux owns all of 127.0.0.0/8. On other systems cases run one after the other. */
async function canHaveAddresses(): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(0, addressOf(0), () => {
      const bound = (server.address() as AddressInfo).port > 0;
      server.close(() => resolve(bound));
    });
  });
}

function openConnections(adminPort: number): Promise<number> {
  return sumOf(adminPort, 'http_server_open_connections');
}

/** The sum of a metric of the mesh over all its labels. */
async function sumOf(adminPort: number, metric: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${metric}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
