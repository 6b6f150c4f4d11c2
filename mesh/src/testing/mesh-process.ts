import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type AdminClient, adminClient } from '../cli/admin-client.ts';
import { type Closing, until } from './harness.ts';

const program = fileURLToPath(new URL('../main.ts', import.meta.url));

/** `mesh run` in a process of its own. */
export class MeshProcess {
  readonly child: ChildProcess;
  /** All its output on stdout. */
  raw = '';
  /** Lines of its log: attributes and other fields in one object, and the body as `msg`. */
  readonly log: Record<string, unknown>[] = [];
  readonly folder: string;
  stderr = '';
  #rest = '';

  private constructor(folder: string, args: readonly string[], env: Record<string, string>) {
    this.folder = folder;
    this.child = spawn(process.execPath, [program, 'run', ...args], {
      env: {
        PATH: process.env.PATH ?? '',
        INTERNAL_PORT: '0',
        MESH_ADMIN_PORT: '0',
        MESH_DOCUMENTS: join(folder, 'documents'),
        MESH_STATE: join(folder, 'state'),
        MESH_DRAIN_IDLE_MS: '1000',
        LOG_LEVEL: 'info',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => this.#read(String(chunk)));
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += String(chunk);
    });
  }

  /** A folder for the documents of one or several meshes, removed when the test ends. */
  static folder(closing: Closing, documents: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'mesh-process-'));
    closing.add(() => rmSync(folder, { recursive: true, force: true }));
    MeshProcess.write(folder, documents);
    return folder;
  }

  static write(folder: string, documents: string): void {
    const place = join(folder, 'documents');
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'mesh.yaml'), documents);
  }

  /** Starts the process and waits until it listens. @param awaited the entrance that listens last */
  static async start(
    closing: Closing,
    folder: string,
    args: readonly string[] = [],
    env: Record<string, string> = {},
    awaited = 'admin',
  ): Promise<MeshProcess> {
    const mesh = new MeshProcess(folder, args, env);
    closing.add(() => mesh.stop());
    await until(
      () => mesh.url(awaited) !== null || mesh.child.exitCode !== null,
      `the mesh listens: ${mesh.stderr}`,
      30_000,
    );
    if (mesh.child.exitCode !== null) throw new Error(`The mesh did not start: ${mesh.stderr}`);
    return mesh;
  }

  /** The port of an entrance, or of `admin`; null while it does not listen. */
  url(entrance: string): string | null {
    const line = this.log.find((candidate) => candidate.msg === 'listening' && candidate.entrance === entrance);
    return line === undefined ? null : String(line.url);
  }

  get edge(): string {
    return this.url('edge') ?? '';
  }

  get adminUrl(): string {
    return this.url('admin') ?? '';
  }

  get admin(): AdminClient {
    return adminClient(this.adminUrl, undefined);
  }

  /** Starts `mesh <args>` in a process of its own, against this mesh. */
  command(closing: Closing, ...args: string[]): ChildProcess & { stdout: Readable; stderr: Readable } {
    const env = { PATH: process.env.PATH ?? '', MESH_ADMIN_URL: this.adminUrl };
    const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    closing.add(() => child.kill());
    return child;
  }

  /** SIGTERM; resolves with the exit code. */
  async stop(): Promise<number | null> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
    return child.exitCode;
  }

  #read(text: string): void {
    this.raw += text;
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const { body, attributes, ...rest } = JSON.parse(line) as Record<string, unknown> & { attributes?: object };
      this.log.push({ ...rest, ...attributes, msg: body });
    }
  }
}
