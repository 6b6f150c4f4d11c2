import type { StoreDriver } from './driver.ts';
import { mariadb } from './mariadb/driver.ts';
import { postgres } from './postgres/driver.ts';
import { rabbitmq } from './rabbitmq/driver.ts';
import { redis } from './redis/driver.ts';

const drivers: readonly StoreDriver[] = [postgres, mariadb, redis, rabbitmq];

/**
 * The driver that stands in for a container image (`postgres:17`, `docker.io/library/postgres:17`), if there is one.
 */
export function driverOf(image: string): StoreDriver | null {
  const name = image.split('/').at(-1)?.split(/[:@]/)[0];
  return drivers.find((driver) => driver.image === name) ?? null;
}
