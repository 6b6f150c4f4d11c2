import type { FastifyInstance } from 'fastify';
import type { Shop } from '../shop.ts';

export function settingsRoutes(_app: FastifyInstance, _shop: Shop): void {}
