import type { FastifyInstance } from 'fastify';
import type { Shop } from '../shop.ts';

export function currencyRoutes(_app: FastifyInstance, _shop: Shop): void {}
