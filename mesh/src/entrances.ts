import { randomUUID } from 'node:crypto';
import type { Clock } from './clock.ts';
import type { MeshConfig } from './config/model.ts';
import type { Entrance } from './exchange.ts';
import type { Handler } from './layer.ts';
import { HeldMemory } from './memory/held-memory.ts';
import { createListener, type Listener } from './server/listener.ts';
import type { Settings } from './settings.ts';
import type { Metrics } from './telemetry/metrics.ts';

interface EntranceAddress {
  entrance: Entrance;
  host: string;
  port: number;
  label: string;
}

/** One listener per Gateway, address and port, and the east-west one. */
export function entrancesOf(config: MeshConfig, settings: Settings): EntranceAddress[] {
  const found: EntranceAddress[] = [];
  for (const gateway of config.gateways) {
    const hosts = gateway.addresses.length === 0 ? [settings.host] : gateway.addresses;
    const ports = [...new Set(gateway.listeners.map(({ port }) => port))];
    for (const host of hosts) {
      for (const port of ports) {
        const label = found.some((known) => known.label === gateway.name) ? `${gateway.name}:${port}` : gateway.name;
        found.push({ entrance: { name: gateway.name, side: 'north-south', port }, host, port, label });
      }
    }
  }
  const entrance: Entrance = { name: 'internal', side: 'east-west', port: settings.internalPort };
  found.push({ entrance, host: settings.host, port: settings.internalPort, label: 'internal' });
  return found;
}

/** The ports to open or to close for `next`, which takes a restart. One line each. */
export function restartNeeded(started: MeshConfig, next: MeshConfig, settings: Settings): string[] {
  const ports = (config: MeshConfig) =>
    new Map(
      entrancesOf(config, settings).map(({ entrance, host, port }) => [`${entrance.name} ${host}:${port}`, port]),
    );
  const [before, after] = [ports(started), ports(next)];
  return [
    ...[...after.keys()].filter((key) => !before.has(key)).map((key) => `${key} is listened on after a restart`),
    ...[...before.keys()].filter((key) => !after.has(key)).map((key) => `${key} is listened on until a restart`),
  ];
}

/** The data ports of one process. */
export interface Entrances {
  /** Port by entrance name. Gateways with several ports appear once per port, as `name` and `name:port`. */
  listen(): Promise<ReadonlyMap<string, number>>;
  inFlight(): number;
  drain(): Promise<void>;
}

export interface EntrancesOptions {
  settings: Settings;
  clock: Clock;
  metrics: Metrics;
  /** Called with each request. */
  handler: () => Handler;
}

/** Creates the listeners of `config`, and their metrics. */
export function openEntrances(config: MeshConfig, { settings, clock, metrics, handler }: EntrancesOptions): Entrances {
  const refused = metrics.counter(
    'http_server_connections_refused_total',
    'Connections on which no request could be made out, by cause.',
    ['entrance', 'reason'],
  );
  const memory = new HeldMemory(settings.heldBytesMax / Math.max(1, settings.workers));
  const listeners: { label: string; listener: Listener }[] = entrancesOf(config, settings).map(
    ({ entrance, host, port, label }) => ({
      label,
      listener: createListener({
        entrance,
        host,
        port,
        reusePort: settings.reusePort,
        limits: settings,
        clock,
        newId: randomUUID,
        memory,
        handler,
        onRefused: ({ name }, code) => {
          refused(name, code).value += 1;
        },
      }),
    }),
  );
  metrics.gauge('mesh_held_bytes', 'Memory taken by bodies that are held.', [], () => [
    { values: [], value: memory.takenBytes },
  ]);
  metrics.gauge('http_server_open_connections', 'Connections of clients open.', ['entrance'], () => {
    const open = new Map<string, number>();
    for (const { listener } of listeners) {
      const { name } = listener.entrance;
      open.set(name, (open.get(name) ?? 0) + listener.connections());
    }
    return [...open].map(([entrance, value]) => ({ values: [entrance], value }));
  });
  return {
    async listen() {
      const ports = new Map<string, number>();
      for (const { label, listener } of listeners) ports.set(label, await listener.listen());
      return ports;
    },
    inFlight: () => listeners.reduce((sum, { listener }) => sum + listener.inFlight(), 0),
    drain: async () => {
      await Promise.all(listeners.map(({ listener }) => listener.drain(settings.drainMs, settings.drainIdleMs)));
    },
  };
}
