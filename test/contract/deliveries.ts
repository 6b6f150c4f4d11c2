import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Api, Case, Reply } from './api.ts';
import { makeProduct } from './goods.ts';

interface Webhook {
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: a body of the API
  body: any;
}

/** Runs `work` with the URL of a server that gets webhooks and replies with a status. */
async function withReceiver(status: number, work: (url: string, received: Webhook[]) => Promise<void>): Promise<void> {
  const received: Webhook[] = [];
  const server = createServer(async (request, response) => {
    received.push({ headers: request.headers, body: JSON.parse(await text(request)) });
    response.writeHead(status).end('thanks');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Runs `work` with an enabled integration that observes events. */
async function withIntegration(
  { admin }: Api,
  observes: readonly string[],
  configuration: object,
  work: (path: string) => Promise<void>,
): Promise<void> {
  const webhook = { name: 'Mails', description: 'D', integration_type: 'webhook', enabled: true };
  const data = { type: 'integration', ...webhook, observes, configuration };
  const made = await admin('POST', '/v2/integrations', { data });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const path = `/v2/integrations/${made.body.data.id}`;
  try {
    await work(path);
  } finally {
    await admin('DELETE', path);
  }
}

const some = ({ body }: Reply) => body.data.length > 0;

export const deliveryCases: Case[] = [
  {
    name: 'a webhook carries the entity as the API shows it, with its headers, and leaves a job and a log',
    run: (api) =>
      withReceiver(200, async (url, received) => {
        const configuration = { url, secret_key: 'hunter2' };
        await withIntegration(api, ['product.created'], configuration, async (path) => {
          const product = await makeProduct(api, { stock: 3 });
          const { data } = (await api.eventually(`${path}/logs`, some)).body;
          const [{ headers, body } = assert.fail('nothing was received')] = received;
          assert.equal(headers['x-moltin-secret-key'], 'hunter2');
          assert.equal(headers['x-moltin-integration-trigger'], 'product.created');
          assert.equal(headers['content-type'], 'application/json');
          const { id, resources, payload, ...rest } = body;
          assert.deepEqual(rest, {
            ...{ triggered_by: 'product.created', attempt: 1, configuration },
            integration: { id: path.split('/').at(-1), integration_type: 'webhook', name: 'Mails', description: 'D' },
          });
          assert.equal(typeof resources, 'string');
          assert.deepEqual(JSON.parse(resources), payload);
          assert.deepEqual([payload.data.id, payload.data.type], [product, 'product']);

          const [{ id: logId, processing_time, meta, relationships, ...log }] = data;
          assert.deepEqual(log, {
            ...{ type: 'integration-log', succeeded: true, attempt: 1, body: 'thanks', status_code: 200 },
            error_detail: log.error_detail,
          });
          assert.ok(logId && meta.timestamps.created_at && typeof processing_time === 'number');
          assert.deepEqual(relationships, {
            integration: { data: { type: 'integration', id: path.split('/').at(-1) } },
            job: { data: { type: 'integration-job', id } },
          });
          const jobs = (await api.admin('GET', `${path}/jobs`)).body.data;
          assert.deepEqual([jobs.length, jobs[0].id, jobs[0].type], [1, id, 'integration-job']);
          assert.deepEqual((await api.admin('GET', `${path}/jobs/${id}/logs`)).body.data, data);
          const all = (await api.admin('GET', '/v2/integrations/logs')).body.data;
          assert.ok(all.some((each: { id: string }) => each.id === logId));
        });
      }),
  },
  {
    name: 'a webhook of a deletion carries type and id alone',
    run: (api) =>
      withReceiver(204, (url, received) =>
        withIntegration(api, ['product.deleted'], { url }, async (path) => {
          const id = await makeProduct(api);
          await api.admin('DELETE', `/v2/products/${id}`);
          await api.eventually(`${path}/logs`, some);
          const [{ headers, body } = assert.fail('nothing was received')] = received;
          const gone = { type: 'product', id };
          assert.deepEqual([body.resources, body.payload, body.configuration], [gone, gone, { url }]);
          assert.equal(headers['x-moltin-secret-key'], undefined, 'there is no secret');
        }),
      ),
  },
  {
    name: 'a webhook that is refused has failed, and the log says with what',
    run: (api) =>
      withReceiver(500, (url) =>
        withIntegration(api, ['product.created'], { url }, async (path) => {
          await makeProduct(api);
          const [log] = (await api.eventually(`${path}/logs`, some)).body.data;
          assert.deepEqual([log.succeeded, log.status_code, log.attempt, log.body], [false, 500, 1, 'thanks']);
        }),
      ),
  },
];
