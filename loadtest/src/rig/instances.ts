import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Behavior, healthy } from './behavior.ts';
import { freePorts } from './free-port.ts';

export interface Instance {
  service: string;
  port: number;
  behavior: Behavior;
  next?: NextHop;
}

/** The service that an instance calls before it replies, through the mesh. */
export interface NextHop {
  url: string;
  host: string;
  /** Whether it passes on what the mesh says about trying again, as a service should. */
  passesOn: boolean;
}

export interface InstancesPlan {
  seed: number;
  instances: Instance[];
}

export type InstancesMessage = { kind: 'behave'; index: number; behavior: Partial<Behavior> } | { kind: 'count' };

/** Instances of made-up services, in a process of their own. */
export class Instances {
  readonly all: readonly Instance[];
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(child: ChildProcess, instances: readonly Instance[]) {
    this.#child = child;
    this.#ended = once(child, 'exit');
    this.all = instances;
    this.pid = child.pid ?? 0;
  }

  /** Starts `services` (name, number of instances, what they call next) on free ports. */
  static async start(
    services: readonly {
      name: string;
      count: number;
      behavior?: Partial<Behavior>;
      next?: NextHop;
    }[],
    seed: number,
  ): Promise<Instances> {
    const ports = await freePorts(services.reduce((sum, { count }) => sum + count, 0));
    const instances = services.flatMap(({ name, count, behavior, next }) =>
      Array.from({ length: count }, (): Instance => {
        const port = ports.shift() as number;
        return {
          service: name,
          port,
          behavior: { ...healthy, ...behavior },
          ...(next === undefined ? {} : { next }),
        };
      }),
    );
    const file = fileURLToPath(new URL('./instances-process.ts', import.meta.url));
    const child = fork(file, [JSON.stringify({ seed, instances } satisfies InstancesPlan)], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    return new Instances(child, instances);
  }

  /** Changes how one instance behaves from now on. */
  behave(index: number, behavior: Partial<Behavior>): void {
    this.#child.send({ kind: 'behave', index, behavior } satisfies InstancesMessage);
  }

  /** Requests seen so far, by service. */
  async seen(): Promise<Record<string, number>> {
    this.#child.send({ kind: 'count' } satisfies InstancesMessage);
    const [{ seen }] = (await once(this.#child, 'message')) as [{ seen: number[] }];
    const byService: Record<string, number> = {};
    for (const [i, count] of seen.entries()) {
      const service = this.all[i]?.service ?? '';
      byService[service] = (byService[service] ?? 0) + count;
    }
    return byService;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    // A Ctrl-C of the terminal has ended it already.
    await this.#ended;
  }
}
