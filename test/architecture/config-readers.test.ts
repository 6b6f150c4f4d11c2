import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Node, SyntaxKind } from 'typescript/unstable/ast';
import { API, type Symbol as CompilerSymbol } from 'typescript/unstable/sync';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const sources = `${root}/mesh/src`;

/** Properties that no code outside `mesh/src/config` has to read, each with the reason. */
const unreadOnPurpose: Readonly<Record<string, string>> = {
  'StaticEndpoint.addressType': 'discovery looks at the address itself; a slice is written again with its type',
  'MeshConfig.namespace': 'references between documents are resolved in config',
  'Gateway.className': 'the mesh serves all Gateways that it is given',
  'ServicePort.name': 'what names a port is resolved in config',
  'RequestMirror.target': 'is in documents only',
  'ReferenceTarget.group': 'for writing back a reference that leads nowhere',
  'ReferenceTarget.kind': 'for writing back a reference that leads nowhere',
  'ReferenceTarget.namespace': 'for writing back a reference that leads nowhere',
};

/**
 * Types that the policies, which import nothing from config, declare for a part of the configuration that they are
 * given.
 */
const views: Readonly<Record<string, string>> = {
  LoadBalancerPolicy: 'policy/create-balancer.ts BalancerOptions',
  'LoadBalancerPolicy.ewma': 'policy/peak-ewma.ts PeakEwmaOptions',
  CircuitBreakerPolicy: 'policy/breaker.ts BreakerOptions',
  HedgingPolicy: 'policy/hedge.ts HedgeOptions',
  RetryBudgetPolicy: 'policy/retry-budget.ts RetryBudgetOptions',
  'DiscoveryPolicy.lease': 'discovery/leases.ts Terms.lease',
};

const folder = mkdtempSync(join(tmpdir(), 'mesh-readers-'));
const api = new API({ cwd: root });
after(() => {
  api.close();
  rmSync(folder, { recursive: true });
});

const configuration = join(folder, 'tsconfig.json');
writeFileSync(
  configuration,
  JSON.stringify({
    extends: `${root}/tsconfig.json`,
    compilerOptions: { typeRoots: [`${root}/node_modules/@types`] },
    include: [sources],
    exclude: [`${sources}/**/*.test.ts`, `${sources}/testing`],
  }),
);
const project = api.updateSnapshot({ openProjects: [configuration] }).getProjects()[0];
assert.ok(project !== undefined);
const { program, checker } = project;

function sourceOf(name: string): Node {
  const file = program.getSourceFile(name);
  assert.ok(file !== undefined, name);
  return file;
}

const declarationsOf = (symbol: CompilerSymbol | undefined): string[] =>
  symbol?.declarations.map(({ path, index }) => `${path}#${index}`) ?? [];

/** Declarations of the properties that code outside config reads: by a dot, or by taking an object apart. */
function propertiesRead(): Set<string> {
  const read = new Set<string>();
  const add = (symbol: CompilerSymbol | undefined) => {
    for (const declaration of declarationsOf(symbol)) read.add(declaration);
  };
  for (const name of program.getSourceFileNames()) {
    if (!name.startsWith(`${sources}/`) || name.startsWith(`${sources}/config/`)) continue;
    const names: Node[] = [];
    const patterns: { pattern: Node; shorthands: string[] }[] = [];
    const visit = (node: Node): void => {
      if (isProperty(node)) names.push(node.name);
      if (isBinding(node) && node.propertyName !== undefined) names.push(node.propertyName);
      if (node.kind === SyntaxKind.ObjectBindingPattern) {
        const shorthands: string[] = [];
        node.forEachChild((element) => {
          if (isBinding(element) && element.propertyName === undefined) shorthands.push(element.name.text);
        });
        patterns.push({ pattern: node, shorthands });
      }
      node.forEachChild(visit);
    };
    sourceOf(name).forEachChild(visit);
    checker.getSymbolAtLocation(names).forEach(add);
    const types = checker.getTypeAtLocation(patterns.map(({ pattern }) => pattern));
    for (const [index, { shorthands }] of patterns.entries()) {
      const type = types[index];
      if (type !== undefined) for (const property of shorthands) add(checker.getPropertyOfType(type, property));
    }
  }
  return read;
}

type Named = Node & { name: Node & { text: string } };
const isProperty = (node: Node): node is Named => node.kind === SyntaxKind.PropertyAccessExpression;
const isBinding = (node: Node): node is Named & { propertyName?: Node } => node.kind === SyntaxKind.BindingElement;

/** Every property that a file declares, by path (`Policy.limits.maxQueued`). */
function propertiesOf(file: string): Map<string, string[]> {
  const properties = new Map<string, string[]>();
  const visit = (node: Node, path: string): void => {
    let inner = path;
    if (node.kind === SyntaxKind.InterfaceDeclaration || node.kind === SyntaxKind.TypeAliasDeclaration) {
      inner = (node as Named).name.text;
    } else if (node.kind === SyntaxKind.PropertySignature) {
      const { name } = node as Named;
      inner = `${path}.${name.text}`;
      properties.set(inner, [...(properties.get(inner) ?? []), ...declarationsOf(checker.getSymbolAtLocation(name))]);
    }
    node.forEachChild((child) => visit(child, inner));
  };
  sourceOf(file).forEachChild((node) => visit(node, ''));
  return properties;
}

describe('the configuration of the mesh', () => {
  const read = propertiesRead();
  const isRead = (declarations: readonly string[] | undefined) =>
    declarations?.some((declaration) => read.has(declaration)) ?? false;
  const properties = new Map([
    ...propertiesOf(`${sources}/config/model.ts`),
    ...propertiesOf(`${sources}/config/policy-model.ts`),
  ]);

  const isReadInView = (path: string): boolean =>
    Object.entries(views).some(([part, view]) => {
      if (!path.startsWith(`${part}.`)) return false;
      const [file = '', name = ''] = view.split(' ');
      return isRead(propertiesOf(`${sources}/${file}`).get(name + path.slice(part.length)));
    });

  test('has properties', () => {
    assert.ok(properties.size > 150);
    assert.ok(properties.has('BackendTrafficPolicy.sessionPersistence'));
  });

  test('has no property that nothing outside mesh/src/config reads', () => {
    const unread = [...properties].filter(([path, declarations]) => !isRead(declarations) && !isReadInView(path));
    assert.deepEqual(
      unread.map(([path]) => path).filter((path) => unreadOnPurpose[path] === undefined),
      [],
    );
  });

  test('has no exception for a property that is read', () => {
    const excused = Object.keys(unreadOnPurpose);
    assert.deepEqual(
      excused.filter((path) => !properties.has(path) || isRead(properties.get(path))),
      [],
    );
  });
});
