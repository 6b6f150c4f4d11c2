import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Behaviour } from './instance-behaviour.ts';
import { quietPort } from './quiet-port.ts';

const program = fileURLToPath(new URL('./instance-program.ts', import.meta.url));

/** An instance of a service in a process of its own, which can be told how to behave, killed, and started again where it was. */
export class InstanceProcess {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  #child: ChildProcess | null = null;

  private constructor(name: string, host: string, port: number) {
    this.name = name;
    this.host = host;
    this.port = port;
  }

  /** Behaves well from the start. */
  static async start(name: string, host = '127.0.0.1', port?: number): Promise<InstanceProcess> {
    const instance = new InstanceProcess(name, host, port ?? (await quietPort()));
    await instance.start();
    return instance;
  }

  /** `host:port`, as the mesh names its endpoint. */
  get endpoint(): string {
    return `${this.host}:${this.port}`;
  }

  async start(): Promise<void> {
    if (this.#child !== null) return;
    const child = fork(program, [this.host, String(this.port), this.name], { execArgv: [] });
    this.#child = child;
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error(`instance ${this.name} did not start`))),
    ]);
  }

  async behave(behaviour: Behaviour): Promise<void> {
    const child = this.#child;
    if (child === null) throw new Error(`instance ${this.name} does not run`);
    const confirmed = once(child, 'message');
    child.send(behaviour);
    await confirmed;
  }

  /** SIGKILL: no last word, its connections are reset by the system. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}
