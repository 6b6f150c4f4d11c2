import { LongText, ShortText } from '@banyan/kit/api';
import Type, { type Static } from '@banyan/kit/typebox';

/** What other services may import from this one: paths, bodies, and the facts that it publishes. */
export const paths = {
  integrations: '/v2/integrations',
  attributes: '/v2/integrations/attributes',
  allLogs: '/v2/integrations/logs',
  integration: '/v2/integrations/:id',
  logs: '/v2/integrations/:id/logs',
  jobs: '/v2/integrations/:id/jobs',
  jobLogs: '/v2/integrations/:id/jobs/:jobId/logs',
} as const;

const Url = Type.String({ minLength: 1, maxLength: 2_048 });
/** Null removes the key. */
const SecretKey = Type.Union([Type.String({ maxLength: 255 }), Type.Null()]);
const members = {
  name: ShortText,
  description: LongText,
  integration_type: Type.Literal('webhook'),
  /** Default: false. */
  enabled: Type.Optional(Type.Boolean()),
  observes: Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 100 }),
};

/** `data` of POST /v2/integrations. Other members are ignored. */
export const NewIntegration = Type.Object({
  type: Type.Literal('integration'),
  ...members,
  configuration: Type.Object({ url: Url, secret_key: Type.Optional(SecretKey) }),
});
export type NewIntegration = Static<typeof NewIntegration>;

/** `data` of PUT /v2/integrations/:id: members that are absent keep their value. */
export const IntegrationChange = Type.Partial(
  Type.Object({
    type: Type.Literal('integration'),
    id: Type.String(),
    ...members,
    configuration: Type.Object({ url: Type.Optional(Url), secret_key: Type.Optional(SecretKey) }),
  }),
);
export type IntegrationChange = Static<typeof IntegrationChange>;

/** The facts about integrations, each with the version of its schema, which only ever grows. */
export const events = {
  created: { type: 'integration.created', version: 1 },
  updated: { type: 'integration.updated', version: 1 },
  /** Its state is null. */
  deleted: { type: 'integration.deleted', version: 1 },
} as const;
