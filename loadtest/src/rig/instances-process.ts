import { createServer } from 'node:http';
import { seededRandom } from '../drivers/schedule.ts';
import { type Behavior, outcomeOf } from './behavior.ts';
import { callNext } from './call-next.ts';
import type { InstancesMessage, InstancesPlan } from './instances.ts';

/**
 * All instances of a rig's made-up services in one process, each on a port of its own; told how to behave from outside.
 */
const plan = JSON.parse(process.argv[2] ?? '') as InstancesPlan;
const random = seededRandom(plan.seed);
const instances = plan.instances.map((instance) => ({ ...instance, seen: 0 }));

for (const [index, instance] of instances.entries()) {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    if (request.url === '/health') return void response.end('ok');
    const arrivedAtMs = performance.now();
    request.resume();
    instance.seen += 1;
    const outcome = outcomeOf(instance.behavior, random);
    if (outcome === null) return;
    const { status, afterMs } = outcome;
    const body = Buffer.alloc(instance.behavior.bodyBytes, 'x');
    const reply = () => {
      response.writeHead(status, { 'content-type': 'text/plain', 'content-length': body.length });
      response.end(body);
    };
    const act = () => {
      if (status !== 200 || instance.next === undefined) reply();
      else callNext(instance.next, request.headers, arrivedAtMs, response);
    };
    if (afterMs > 0) setTimeout(act, afterMs);
    else act();
  });
  server.listen(instance.port, '127.0.0.1', () => {
    if (index === instances.length - 1) console.log('serving');
  });
}

process.on('message', (message: InstancesMessage) => {
  if (message.kind === 'behave') {
    const { index, behavior } = message;
    const instance = instances[index];
    if (instance !== undefined) instance.behavior = { ...instance.behavior, ...(behavior as Behavior) };
  } else process.send?.({ seen: instances.map(({ seen }) => seen) });
});
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
