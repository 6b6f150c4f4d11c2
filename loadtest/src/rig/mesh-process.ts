import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.ts';
import type { Documents } from './documents.ts';
import { freePorts } from './free-port.ts';

export interface MeshProcess {
  pid: number;
  /** The edge. */
  url: string;
  /** East-west. */
  internalUrl: string;
  adminUrl: string;
  stop(): Promise<void>;
}

/** Starts the mesh, by its own command line, on `documents`. Its access log is written and thrown away. `internalPort`: for services that must know it first. */
export async function startMesh(folder: string, documents: Documents, internalPort?: number): Promise<MeshProcess> {
  const [edge = 0, chosen = 0, admin = 0] = await freePorts(3);
  const internal = internalPort ?? chosen;
  const place = mkdtempSync(join(tmpdir(), 'mesh-'));
  writeFileSync(join(place, 'documents.yaml'), documents(edge));
  const adminUrl = `http://127.0.0.1:${admin}`;
  const remove = () => rmSync(place, { recursive: true, force: true });
  const child = await startChild({
    file: process.execPath,
    args: [join(folder, 'mesh/src/main.ts'), 'run'],
    env: {
      EDGE_PORT: String(edge),
      INTERNAL_PORT: String(internal),
      MESH_ADMIN_PORT: String(admin),
      MESH_DOCUMENTS: place,
      MESH_STATE: '',
      LOG_LEVEL: 'info',
      NODE_ENV: 'production',
    },
    ready: null,
    responds: async () => {
      const response = await fetch(`${adminUrl}/health/ready`).catch(() => null);
      await response?.arrayBuffer();
      return response?.ok === true;
    },
  }).catch((error: unknown) => {
    remove();
    throw error;
  });
  return {
    pid: child.pid,
    url: `http://127.0.0.1:${edge}`,
    internalUrl: `http://127.0.0.1:${internal}`,
    adminUrl,
    stop: async () => {
      await child.stop();
      remove();
    },
  };
}
