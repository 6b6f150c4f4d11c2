import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Behavior } from './instance-behavior.ts';
import { quietPort } from './quiet-port.ts';

const program = fileURLToPath(new URL('./instance-program.ts', import.meta.url));

/**
 * An instance of a service in a process of its own. Tests can set its behavior, kill it, and restart it on the same
 * port.
 */
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

  /** Starts with good behavior. */
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

  async behave(behavior: Behavior): Promise<void> {
    const child = this.#child;
    if (child === null) throw new Error(`instance ${this.name} does not run`);
    const confirmed = once(child, 'message');
    child.send(behavior);
    await confirmed;
  }

  /** SIGKILL. The system resets its connections. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}
