// biome-ignore-all lint/suspicious/noTemplateCurlyInString: documents contain such texts
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatFault, maxFaultsPerDocument } from './fault.ts';
import { parseConfig } from './parse.ts';

const parse = (text: string) => parseConfig([{ name: 'x.yaml', text }], {});

function faultsOf(text: string): string[] {
  const result = parse(text);
  return result.ok ? [] : result.faults.map(formatFault);
}

describe('keys of documents', () => {
  test('must be unique', () => {
    const faults = faultsOf(
      'apiVersion: v1\nkind: Service\nmetadata: {name: a, "name": b}\nspec: {ports: [{port: 80, port: 81}]}',
    );
    assert.deepEqual(faults, [
      'x.yaml:3:21: Service/a: metadata.name: must not appear twice',
      'x.yaml:4:27: Service/a: spec.ports[0].port: must not appear twice',
    ]);
  });
});

describe('hostile documents', () => {
  test('deep nesting', () => {
    assert.match(faultsOf(`${'['.repeat(200_000)}`).join(), /must be YAML|nest/);
    assert.match(faultsOf(`a: ${'['.repeat(100)}${']'.repeat(100)}`).join(), /must not nest deeper than 64 levels/);
    assert.match(faultsOf(`${'{a: '.repeat(100)}1${'}'.repeat(100)}`).join(), /must not nest deeper than 64 levels/);
  });

  test('aliases that contain themselves', () => {
    assert.match(faultsOf('a: &a [*a]').join(), /must not nest deeper than 64 levels/);
    assert.match(faultsOf('a: *b').join(), /must be YAML|must define an anchor before its alias/);
  });

  test('too many values', () => {
    assert.match(faultsOf(`a: [${'1,'.repeat(60_000)}]`).join(), /must not hold more than 50000 values/);
  });

  test('too many documents', () => {
    assert.match(faultsOf('--- {a: 1}\n'.repeat(3000)).join(), /must not hold more than 2000 documents/);
  });

  test('too many faults: the first ones are reported', () => {
    const keys = Array.from({ length: 5000 }, (_, index) => `  key${index}: 1`).join('\n');
    const faults = faultsOf(`apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n${keys}`);
    assert.equal(faults.length, maxFaultsPerDocument);
  });

  test('too many warnings do not hide a fault', () => {
    const rules = '    - matches: [{path: {value: /same}}]\n      backendRefs: [{name: a, port: 80}]\n'.repeat(60);
    const route = (name: string) =>
      `---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: ${name}}\nspec:\n  parentRefs: [{group: "", kind: Service, name: a}]\n  rules:\n${rules}`;
    const service =
      'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: ExternalName, externalName: a, ports: [{port: 80}]}\n';
    const good = parse(service + route('one') + route('two'));
    assert.ok(good.ok);
    assert.equal(good.warnings.length, 119);
    assert.equal(faultsOf(service + route('one') + route('two') + route('two')).length, 1);
  });

  test('names of inherited properties', () => {
    const faults = faultsOf(
      'apiVersion: v1\nkind: constructor\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Service\n__proto__: {x: 1}\nconstructor: 1\nmetadata: {name: a, labels: {__proto__: x}}\nspec: {ports: [{port: 80}], toString: 1}',
    );
    assert.equal(faults.length, 3, faults.join('\n'));
    assert.equal(Object.hasOwn(Object.prototype, 'x'), false);
  });

  test('control characters do not reach the terminal', () => {
    const shown = faultsOf(
      'apiVersion: v1\nkind: "Serv\\e[31mice\\u009b2J\\n"\nmetadata: {name: "\\e]0;x\\a"}\n"\\e[2Jkey": 1',
    ).join('\n');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for control characters
    assert.doesNotMatch(shown, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  });

  test('any text is taken or refused without an exception', () => {
    const fragment = fc.constantFrom(
      'apiVersion: v1\n',
      'kind: Service\n',
      'kind: HTTPRoute\n',
      'metadata:\n',
      '  name: a\n',
      'spec:\n',
      '  rules:\n',
      '  - ',
      '---\n',
      '...\n',
      '&a ',
      '*a',
      '!!map ',
      '? ',
      ': ',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '|\n',
      '>\n',
      '#',
      '\t',
      '\r',
      '${',
      '}',
      '%YAML 1.1\n',
      '<<: ',
      '- - -',
      '\u0000',
      '\ufeff',
      '\ud800',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(fragment, fc.string({ maxLength: 5 })), { maxLength: 40 }), (parts) => {
        const result = parse(parts.join(''));
        if (!result.ok) assert.ok(result.faults.length > 0 && result.faults.every(({ rule }) => rule !== ''));
      }),
      { numRuns: 2000 },
    );
  });
});
