import { checker, failedValidation } from '@banyan/kit/api';
import type { FaultDetails } from '@banyan/kit/errors';
import { IntegrationChange, NewIntegration } from './contract.ts';
import { isEventKey, storedKey } from './event-keys.ts';
import { type AllowedNetworks, mayReach } from './outbound/networks.ts';

const checkNew = checker(NewIntegration);
const checkChange = checker(IntegrationChange);

/**
 * Checks a new integration.
 *
 * @throws ServiceError `validation_failed`: a member is wrong
 */
export function newIntegration(data: unknown, allowed: AllowedNetworks): NewIntegration {
  return checkedFurther(checkNew(data), allowed);
}

/**
 * Checks the members of a change.
 *
 * @throws ServiceError `validation_failed`: a member is wrong
 */
export function integrationChange(data: unknown, allowed: AllowedNetworks): IntegrationChange {
  return checkedFurther(checkChange(data), allowed);
}

function checkedFurther<T extends IntegrationChange>(data: T, allowed: AllowedNetworks): T {
  const observes = data.observes && [...new Set(data.observes.map(storedKey))];
  const faults = (observes ?? [])
    .filter((key) => !isEventKey(key))
    .map(
      (key): FaultDetails => ({
        detail: `The event ${JSON.stringify(key)} cannot be observed.`,
        source: 'data.observes',
      }),
    );
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
