import { DevError } from '../errors.ts';
import type { Launch } from '../launch.ts';
import { cacheFolder } from '../paths.ts';
import type { ServiceSpec } from '../topology/topology.ts';
import { inContainer } from './container.ts';
import { dataFolder } from './data-folder.ts';
import { debianPackages, hasApt } from './debian/packages.ts';
import type { PreparedStore, StoreContext, StoreDriver } from './driver.ts';
import { mustRespond } from './given.ts';
import { reachable, unprivileged } from './unprivileged.ts';

/** A server's program that runs here. */
export interface Server {
  /** The program. */
  file: string;
  version: string;
  /** Versions with one name share their data: `10.11`. */
  series: string;
  /** Its environment: where it finds libraries that the machine lacks. */
  env: Record<string, string>;
}

/** A kind of store whose server is the machine's, comes from Debian's packages, or runs in a container. */
export interface ServerKind<S extends Server> extends Omit<StoreDriver, 'prepare'> {
  /** `MariaDB` */
  title: string;
  /** The packages that hold the server's own files, the server's first; other dependencies are the machine's or come along. */
  debianPackages: readonly [string, ...string[]];
  /** How people install it on Debian. */
  install: string;
  /** Codes of errors of a server that is starting. */
  passing: readonly string[];
  /** The usable servers of the machine, best first. */
  onMachine(path: string | undefined): Promise<S[]>;
  /** The server in unpacked packages; `root` stands in for `/`. Null when it does not run. */
  unpacked(root: string): Promise<S | null>;
  /** Whether the folder has data of this kind. */
  hasData(folder: string): boolean;
  /** Makes the data folder unless it exists, and tells how to start. @throws DevError store_failed */
  launch(server: S, start: ServerStart): Promise<Launch>;
}

export interface ServerStart {
  service: ServiceSpec;
  context: StoreContext;
  /** The folder of the data. */
  data: string;
  /** Without a database. */
  url: string;
}

/**
 * The driver of such a store: from its URL (`MARIADB_URL`) if that is set, otherwise a server of the machine, otherwise
 * unpacked from Debian's packages, otherwise a container. Each series has its own data; of several servers, the one with
 * data is used. `BANYAN_MARIADB` = `machine`, `debian` or `docker` allows only that.
 */
export function serverDriver<S extends Server>(kind: ServerKind<S>): StoreDriver {
  const { image, quick, url, ask, careless } = kind;
  return { image, quick, url, ask, careless, prepare: (service, context) => prepare(kind, service, context) };
}

async function prepare<S extends Server>(
  kind: ServerKind<S>,
  service: ServiceSpec,
  context: StoreContext,
): Promise<PreparedStore> {
  const { ask, passing } = kind;
  const variable = `${kind.image.toUpperCase()}_URL`;
  const given = context.variables[variable];
  if (given) {
    await mustRespond({ variable, url: given, ask: () => ask(given), passing });
    return { url: given, source: variable, launch: null, data: null };
  }
  const found = await findServer(kind, context).catch(async (error: unknown) => {
    const only = context.variables[`BANYAN_${kind.image.toUpperCase()}`];
    const container = only === undefined || only === 'docker' ? await inContainer(kind, service, context) : null;
    if (container === null) throw error;
    return container;
  });
  if ('url' in found) return found;
  const { server, from } = found;
  const url = kind.url(service, `127.0.0.1:${context.port}`);
  const data = seriesFolder(kind, context, server);
  const launch = await kind.launch(server, { service, context, data, url });
  return { url, data, source: `${kind.title} ${server.version} ${from}`, launch };
}

const seriesFolder = ({ image }: { image: string }, { folder }: StoreContext, { series }: Server) =>
  dataFolder(folder, `${image}-${series}`);

/** @throws DevError store_unavailable, saying how to get it. */
async function findServer<S extends Server>(
  kind: ServerKind<S>,
  context: StoreContext,
): Promise<{ server: S; from: string }> {
  const { variables } = context;
  const name = kind.image.toUpperCase();
  const only = variables[`BANYAN_${name}`];
  const howToGetIt = `no ${kind.title} server: set ${name}_URL to one that runs, install one (Debian: ${kind.install}), or start Docker`;
  const found = only === 'debian' || only === 'docker' ? [] : await kind.onMachine(variables.PATH);
  const server = found.find((one) => kind.hasData(seriesFolder(kind, context, one))) ?? found[0];
  if (server !== undefined) return { server, from: `in ${server.file}` };
  if (only === 'machine' || only === 'docker' || !hasApt(variables))
    throw new DevError('store_unavailable', howToGetIt);
  const runAs = unprivileged();
  const cache = cacheFolder((folder) => runAs === null || reachable(folder, runAs));
  const root = await debianPackages(kind.debianPackages, { ...context, cache }).catch((error: Error) => {
    throw new DevError('store_unavailable', `${howToGetIt}; ${error.message}`);
  });
  const unpacked = await kind.unpacked(root);
  if (unpacked !== null) return { server: unpacked, from: "from Debian's packages" };
  throw new DevError('store_unavailable', `${howToGetIt}; what was unpacked in ${root} does not run here: remove it`);
}
