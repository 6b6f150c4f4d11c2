import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** A small source of Debian packages on this machine, for tests. */
export interface PackageSource {
  /** Options that make apt-get use it alone. */
  aptOptions: string[];
  /** The requests for packages so far: `name` or `name Range`. */
  requests: string[];
  /** Takes over the reply to a request for a package where it returns true. */
  answer: (name: string, request: IncomingMessage, response: ServerResponse, content: Buffer) => boolean;
  stop(): Promise<void>;
}

/** Packages by name: their dependencies, and the text of their one file `/usr/share/NAME`. */
export type Packages = Readonly<Record<string, { depends?: string; text: string }>>;

/** Builds the packages in `folder` and serves them. */
export async function packageSource(folder: string, packages: Packages): Promise<PackageSource> {
  const contents = new Map<string, Buffer>();
  const index = Object.entries(packages).map(([name, { depends, text }]) => {
    const tree = join(folder, name);
    mkdirSync(join(tree, 'DEBIAN'), { recursive: true });
    mkdirSync(join(tree, 'usr/share'), { recursive: true });
    chmodSync(join(tree, 'DEBIAN'), 0o755);
    writeFileSync(join(tree, 'usr/share', name), text, { mode: 0o600 });
    const fields = `Package: ${name}\nVersion: 1.0\nArchitecture: all\nMaintainer: Test <test@example.com>\n`;
    const control = `${fields}${depends === undefined ? '' : `Depends: ${depends}\n`}Description: test\n`;
    writeFileSync(join(tree, 'DEBIAN/control'), control);
    execFileSync('dpkg-deb', ['--build', '--root-owner-group', '-Znone', tree, `${tree}.deb`], { stdio: 'ignore' });
    const content = readFileSync(`${tree}.deb`);
    contents.set(name, content);
    const sum = createHash('sha256').update(content).digest('hex');
    return `${control}Filename: ./${name}.deb\nSize: ${content.length}\nSHA256: ${sum}\n\n`;
  });
  const source: PackageSource = { aptOptions: [], requests: [], answer: () => false, stop: async () => {} };
  const server = createServer((request, response) => {
    const file = request.url?.slice(1) ?? '';
    if (/(^|\/)Packages$/.test(file)) return response.end(index.join(''));
    const name = file.match(/([^/]+)\.deb$/)?.[1] ?? '';
    const content = contents.get(name);
    if (content === undefined) return response.writeHead(404).end();
    const from = request.headers.range?.match(/^bytes=(\d+)-/)?.[1];
    source.requests.push(from === undefined ? name : `${name} ${from}`);
    if (source.answer(name, request, response, content)) return response;
    if (from === undefined) return response.end(content);
    const range = `bytes ${from}-${content.length - 1}/${content.length}`;
    return response.writeHead(206, { 'content-range': range }).end(content.subarray(Number(from)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const list = join(folder, 'sources.list');
  writeFileSync(list, `deb [trusted=yes] http://127.0.0.1:${(server.address() as AddressInfo).port}/ ./\n`);
  const options = [`Dir::Etc::sourcelist=${list}`, 'Dir::Etc::sourceparts=-', 'Acquire::Retries::Delay=false'];
  source.aptOptions.push(...options.flatMap((option) => ['-o', option]), '-o', 'Acquire::http::Proxy=DIRECT');
  source.stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return source;
}
