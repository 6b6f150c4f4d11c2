import { readFileSync } from 'node:fs';
import { memoryOf } from '../stack/memory.ts';
import type { PlaceStatus, ProcessStatus, StackStatus } from '../stack/status.ts';
import { shown } from './shown.ts';
import { table } from './table.ts';

/**
 * The output of `npm start` when everything is up: addresses, missing parts and how to get them, and commands to try.
 */
export function summary(
  status: StackStatus,
  ms: number | null,
  notes: readonly string[] = [],
  measure: (pid: number) => number | null = memoryOf,
): string {
  const memory = (pid: number | null) => {
    const bytes = pid === null ? null : measure(pid);
    return bytes === null ? '' : `${Math.round(bytes / 1024 ** 2)} MB`;
  };
  const rows: string[][] = [];
  const down: string[] = [];
  for (const [name, one] of Object.entries(status.processes)) {
    if (one.state === 'down' || one.state === 'failed') down.push(`${name}: ${one.reason}`);
    else if (one.kind === 'process') rows.push(...processRows(name, one, memory(one.pid)));
  }
  for (const [name, one] of Object.entries(status.stores)) {
    if (one.state === 'down') down.push(`${name}: ${one.reason}`);
    else rows.push([name, one.state, hostOf(one.url), String(one.pid ?? ''), memory(one.pid), one.source]);
  }
  const ours = Object.values(status.processes).reduce(
    (sum, { pid }) => sum + (pid === null ? 0 : (measure(pid) ?? 0)),
    0,
  );
  const outside = Object.values(status.stores).flatMap(({ data }) =>
    data === null || data.startsWith(status.folder) ? [] : [data],
  );
  return [
    '',
    ms === null ? '' : `\nBanyan is up in ${(ms / 1000).toFixed(1)} s. Ctrl-C stops it.\n`,
    ...notes,
    table(['process', 'state', 'where', 'pid', 'memory', 'what'], rows),
    placesTable(status.places ?? []),
    ours > 0 ? `\nOur processes together: ${Math.round(ours / 1024 ** 2)} MB.` : '',
    down.length === 0
      ? ''
      : `\nDown${status.processes.monolith?.state === 'ready' ? ', with their routes left to the monolith' : ''}:\n${down.map((line) => `  ${line}`).join('\n')}`,
    outside.length === 0
      ? ''
      : `\nData outside of the checkout, which the server's user cannot get to: ${outside.join(', ')}`,
    next(status),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function processRows(name: string, one: ProcessStatus, memory: string): string[][] {
  const urls = Object.entries(one.urls);
  const restarts = one.restarts === 0 ? '' : `restarted ${one.restarts} times`;
  const problem = one.state === 'ready' ? restarts : one.reason;
  const rows = urls.map(([which, url]) => ['', '', url, '', '', which === 'main' ? '' : which]);
  const [first = ['', '', '', '', '', '']] = rows;
  rows[0] = [
    name,
    one.state,
    first[2] ?? '',
    String(one.pid ?? ''),
    memory,
    [first[5], problem].filter(Boolean).join('; '),
  ];
  return rows;
}

function placesTable(places: readonly PlaceStatus[]): string {
  if (places.length === 0) return '';
  const rows = places.map((place) => [place.resource, whereIs(place), whyNot(place)]);
  return `\n${table(['resource', 'is on', 'why not on its service'], rows)}`;
}

function whereIs({ at, service }: PlaceStatus): string {
  if (at === 'service') return service;
  if (at === 'split') return `monolith and ${service}`;
  return at ?? 'unknown';
}

function whyNot({ at, down, failure, moved }: PlaceStatus): string {
  if (at === 'service') return failure ?? '';
  return down ?? failure ?? (moved ? 'it was put there by a shift or a switch' : 'it has not moved yet');
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
}

interface DemoClient {
  client_id: string;
  name: string;
}

function demoClient(status: StackStatus): DemoClient | null {
  if (status.credentials === null) return null;
  try {
    return (JSON.parse(readFileSync(status.credentials, 'utf8')) as { clients: DemoClient[] }).clients[0] ?? null;
  } catch {
    return null;
  }
}

function next(status: StackStatus): string {
  const client = demoClient(status);
  const lines: string[] = [];
  if (client !== null) {
    const secrets = shown(status.credentials ?? '');
    lines.push(
      `\nDemo client "${client.name}": client_id ${client.client_id}`,
      `  its secret, and other clients: ${secrets}`,
    );
  }
  const { edge, admin } = status.processes.mesh?.urls ?? {};
  // The mesh's command line uses port 9990 by default.
  const where = admin === undefined || admin.endsWith(':9990') ? '' : `MESH_ADMIN_URL=${admin} `;
  if (edge !== undefined && client !== null) {
    lines.push(
      '\nTry',
      `  curl -d grant_type=implicit -d client_id=${client.client_id} ${edge}/oauth/access_token`,
      `  ${where}npm run mesh -- status                    which side serves each route`,
      '  npm run migrate -- stage monolith         everything back on the monolith, while requests go on',
      '  npm run load -- token --quick             what that gains, measured',
    );
  }
  lines.push(`\nLogs: ${shown(`${status.folder}/logs`)}`);
  return lines.join('\n');
}
