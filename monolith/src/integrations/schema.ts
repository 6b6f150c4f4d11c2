import Type, { type Static } from 'typebox';
import { type Fault, failedValidation } from '../api/faults.ts';
import { LongText, ShortText } from '../api/text.ts';
import { checker } from '../api/validate.ts';
import { eventKeys, storedKey } from '../events/keys.ts';
import { type AllowedNetworks, mayReach } from '../outbound/networks.ts';

const Url = Type.String({ minLength: 1, maxLength: 2_048 });
const SecretKey = Type.Union([Type.String({ maxLength: 255 }), Type.Null()]);
const members = {
  name: ShortText,
  description: LongText,
  integration_type: Type.Literal('webhook'),
  enabled: Type.Optional(Type.Boolean()),
  observes: Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 100 }),
};

export const NewIntegration = Type.Object({
  type: Type.Literal('integration'),
  ...members,
  configuration: Type.Object({ url: Url, secret_key: Type.Optional(SecretKey) }),
});

const IntegrationChange = Type.Partial(
  Type.Object({
    type: Type.Literal('integration'),
    id: Type.String(),
    ...members,
    configuration: Type.Object({ url: Type.Optional(Url), secret_key: Type.Optional(SecretKey) }),
  }),
);
export type IntegrationChange = Static<typeof IntegrationChange>;

const checkNew = checker(NewIntegration);
const checkChange = checker(IntegrationChange);

/**
 * Checks a new integration.
 * @throws ShopError `validation_failed` when a member is wrong
 */
export function newIntegration(data: unknown, allowed: AllowedNetworks): Static<typeof NewIntegration> {
  return checkedFurther(checkNew(data), allowed);
}

/**
 * Checks the members of an update.
 * @throws ShopError `validation_failed` when a member is wrong
 */
export function integrationChange(data: unknown, allowed: AllowedNetworks): IntegrationChange {
  return checkedFurther(checkChange(data), allowed);
}

function checkedFurther<T extends IntegrationChange>(data: T, allowed: AllowedNetworks): T {
  const observes = data.observes && [...new Set(data.observes.map(storedKey))];
  const faults = (observes ?? [])
    .filter((key) => !eventKeys.includes(key))
    .map((key): Fault => ({ detail: `The event ${JSON.stringify(key)} cannot be observed.`, source: 'data.observes' }));
  const wrong = data.configuration?.url === undefined ? undefined : urlFault(data.configuration.url, allowed);
  if (wrong !== undefined) {
    const source = 'data.configuration.url';
    faults.push({ detail: `The ${source} field ${wrong}.`, source });
  }
  if (data.configuration?.secret_key != null && !isHeaderValue(data.configuration.secret_key)) {
    const source = 'data.configuration.secret_key';
    faults.push({ detail: `The ${source} field must consist of printable ASCII characters.`, source });
  }
  if (faults.length > 0) throw failedValidation(faults);
  return { ...data, ...(observes && { observes }) };
}

/** Names are checked when a webhook is delivered, because their addresses change; addresses are checked here too. */
function urlFault(text: string, allowed: AllowedNetworks): string | undefined {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return 'must be an http or https URL';
  if (url.username !== '' || url.password !== '') return 'must not hold a user or a password';
  const literal = /^\[(.*)\]$/.exec(url.hostname)?.[1] ?? (/^[\d.]+$/.test(url.hostname) ? url.hostname : undefined);
  return literal === undefined || mayReach(literal, allowed)
    ? undefined
    : 'leads to an address that must not be reached';
}

/** The secret key is sent as a header. */
function isHeaderValue(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
