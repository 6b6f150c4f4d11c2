import { GenericContainer, Wait } from 'testcontainers';
import { messageOf } from '../errors.ts';
import type { StoreDriver } from '../stores/driver.ts';
import type { ServiceSpec } from '../topology/topology.ts';
import { until } from '../until.ts';
import { ownerLabels } from './docker.ts';
import type { TestStore } from './running-store.ts';

/**
 * A store of the Compose file in a container of its own: the same image, settings and password, the data in memory.
 * @throws Error when it does not start.
 */
export async function containerStore(service: ServiceSpec, driver: StoreDriver): Promise<TestStore> {
  const { image, command, environment, volumes, ports } = service;
  const port = ports[0]?.container ?? 0;
  const container = await new GenericContainer(image)
    .withEnvironment(environment)
    .withCommand([...command, ...driver.careless])
    .withLabels(ownerLabels())
    // Memory belongs to root at first; an image's start script gives it to its server's user.
    .withUser('root')
    .withTmpFs(Object.fromEntries(volumes.map(({ target }) => [target, 'rw'])))
    .withExposedPorts(port)
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(120_000)
    .start();
  const url = driver.url(service, `${container.getHost()}:${container.getMappedPort(port)}`);
  const stop = async () => void (await container.stop({ timeout: 0 }));
  let last = '';
  const responds = () =>
    driver.ask(url).then(
      () => true,
      (error: unknown) => {
        last = messageOf(error);
        return false;
      },
    );
  await until(responds, { limitMs: 30_000, what: `${image} responds` }).catch(async (error: unknown) => {
    await stop();
    throw new Error(`${messageOf(error)}: ${last}`);
  });
  return { url, source: `${image} in a container`, stop };
}
