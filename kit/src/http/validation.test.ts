import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import Type from '../../vendor/typebox.js';
import { createLogger } from '../observe/log.ts';
import { Metrics } from '../observe/metrics.ts';
import { createServer, type Server } from './server.ts';

describe('a request that violates its schema', () => {
  let server: Server;

  before(async () => {
    server = await createServer({
      logger: createLogger({ level: 'silent', service: 'test' }),
      metrics: new Metrics(),
      errors: {},
      checks: {},
    });
    const price = Type.Object({ amount: Type.Integer(), currency: Type.Enum(['EUR', 'USD']) });
    const data = Type.Object(
      { name: Type.String(), slug: Type.String(), prices: Type.Array(price) },
      { additionalProperties: false },
    );
    server.post('/', { schema: { body: Type.Object({ data }) } }, async () => ({}));
    server.get('/', { schema: { querystring: Type.Object({ page: Type.String() }) } }, async () => ({}));
  });
  after(() => server.close());

  const post = async (body: unknown) => {
    const response = await server.inject({ method: 'POST', url: '/', payload: body as object });
    return { status: response.statusCode, errors: (response.json() as { errors: Record<string, unknown>[] }).errors };
  };

  test('gets 422 with one fault for each wrong member', async () => {
    const { status, errors } = await post({
      data: {
        name: 5,
        prices: [
          { amount: 1, currency: 'EUR' },
          { amount: 1.5, currency: 'X' },
        ],
        more: 1,
      },
    });
    assert.equal(status, 422);
    assert.ok(errors.every((fault) => fault.status === 422 && fault.title === 'Failed Validation'));
    assert.deepEqual(errors.map(({ source, detail }) => `${source}: ${detail}`).sort(), [
      'data.more: The data.more field is unknown.',
      'data.name: The data.name field must be string.',
      'data.prices.1.amount: The data.prices.1.amount field must be integer.',
      'data.prices.1.currency: The data.prices.1.currency field must be one of EUR, USD.',
      'data.slug: The data.slug field is required.',
    ]);
  });

  test('gets 422 without a source when the whole body is wrong', async () => {
    const { status, errors } = await post([]);
    assert.deepEqual([status, errors[0]?.detail, errors[0]?.source], [422, 'The body must be object.', undefined]);
  });

  test('gets at most 100 faults', async () => {
    const { status, errors } = await post({ data: { name: '', slug: '', prices: Array(1_000).fill(1) } });
    assert.deepEqual([status, errors.length], [422, 100]);
  });

  test('gets 400 when the query is at fault', async () => {
    const response = await server.inject('/');
    assert.equal(response.statusCode, 400);
    assert.deepEqual(response.json(), {
      errors: [{ status: 400, title: 'Bad Request', detail: 'The page parameter is required.', source: 'page' }],
    });
  });
});
