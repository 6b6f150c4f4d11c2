import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { attributesReply } from '../api/attributes.ts';
import { objectOf } from '../api/body.ts';
import { notFound } from '../api/faults.ts';
import { checker } from '../api/validate.ts';
import { audit } from '../audit.ts';
import { inTransaction } from '../db.ts';
import { recordEvent } from '../events/record.ts';
import type { Shop } from '../shop.ts';
import { findGateway, type GatewayRow, gatewaySettings, listGateways, saveGateway } from './store.ts';

const commonMembers = {
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  enabled: Type.Optional(Type.Boolean()),
};
const Setting = Type.Optional(Type.Union([Type.String({ maxLength: 4096 }), Type.Boolean()]));
const schemas = new Map(
  Object.entries(gatewaySettings).map(([slug, settings]) => [
    slug,
    Type.Object({ ...commonMembers, ...Object.fromEntries(settings.map((setting) => [setting, Setting])) }),
  ]),
);
const checks = new Map([...schemas].map(([slug, schema]) => [slug, checker(schema)]));
const common = checker(Type.Object(commonMembers));

interface BySlug {
  Params: { slug: string };
}

export function gatewayRoutes(app: FastifyInstance, shop: Shop): void {
  app.get('/v2/gateways', async () => ({ data: (await listGateways(shop.db)).map(gatewayView) }));

  app.get<BySlug>('/v2/gateways/:slug', async (request) => {
    const gateway = isKnown(request.params.slug) ? await findGateway(shop.db, request.params.slug) : undefined;
    if (gateway === undefined) throw gatewayMissing();
    return { data: gatewayView(gateway) };
  });

  app.get<BySlug>('/v2/gateways/:slug/attributes', (request) => {
    const schema = schemas.get(request.params.slug);
    if (schema === undefined) throw gatewayMissing();
    return attributesReply(request.params.slug, schema);
  });

  app.put<BySlug>('/v2/gateways/:slug', async (request) => {
    const { slug } = request.params;
    const check = checks.get(slug);
    if (check === undefined) throw gatewayMissing();
    const data = objectOf(request.body);
    check(data);
    const { name, enabled } = common(data);
    const given = (gatewaySettings[slug] ?? []).filter((setting) => data[setting] !== undefined);
    const settings = Object.fromEntries(given.map((setting) => [setting, data[setting]]));
    const change = { ...(name !== undefined && { name }), ...(enabled !== undefined && { enabled }), settings };
    const gateway = await inTransaction(shop.db, async (db) => {
      await audit(shop, db, request.access, { action: 'updated', entity: 'payment-gateway', entityId: slug });
      const saved = await saveGateway(db, slug, change, shop.now());
      // Without its settings: these are the passwords of the gateway.
      if (saved !== undefined) {
        const data = gatewayView({ ...saved, settings: {} });
        await recordEvent(db, shop.now(), 'payment-gateway.updated', slug, { data });
      }
      return saved;
    });
    if (gateway === undefined) throw gatewayMissing();
    return { data: gatewayView(gateway) };
  });
}

function isKnown(slug: string): boolean {
  return Object.hasOwn(gatewaySettings, slug);
}

/** The slug is the id. */
function gatewayView({ slug, name, enabled, settings }: GatewayRow) {
  return { ...settings, id: slug, type: 'gateway', name, slug, enabled };
}

function gatewayMissing() {
  return notFound('The requested gateway could not be found');
}
