import type { FastifyInstance } from 'fastify';
import type { Shop } from '../shop.ts';

export function customerRoutes(_app: FastifyInstance, _shop: Shop): void {}
