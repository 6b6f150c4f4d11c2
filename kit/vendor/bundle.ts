import { readFile, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

/** Where the bundle is kept: it is part of the repository, so that nothing has to be built before a start. */
export const bundleFile = new URL('typebox.js', import.meta.url);

/** What the kit and its services use of TypeBox, as one module. */
const entry = `export { default } from 'typebox'; export { Compile } from 'typebox/compile';`;

/** The bundle of the TypeBox that is installed, with its version and its license in front. */
export async function bundled(): Promise<string> {
  const installed = new URL('../', import.meta.resolve('typebox'));
  const [manifest, license] = await Promise.all(
    ['package.json', 'license'].map((name) => readFile(new URL(name, installed), 'utf8')),
  );
  const { version } = JSON.parse(manifest as string) as { version: string };
  const { outputFiles } = await build({
    ...{ bundle: true, format: 'esm', platform: 'node', target: 'node20', treeShaking: true, write: false },
    ...{ minifyWhitespace: true, minifySyntax: true, legalComments: 'none', charset: 'utf8' },
    stdin: { contents: entry, resolveDir: import.meta.dirname },
  });
  const notice = (license as string).trim().replaceAll('*/', '* /');
  return `/* Written by \`npm run vendor -w @banyan/kit\`. TypeBox ${version}:\n\n${notice}\n*/\n${outputFiles[0]?.text}`;
}

if (import.meta.main) await writeFile(bundleFile, await bundled());
