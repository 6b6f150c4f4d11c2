import { messageOf } from '../errors.ts';
import type { Target } from '../journal/journal.ts';
import type { ServiceSide } from '../service/service-side.ts';
import type { MeshAdmin } from '../switch/mesh-admin.ts';
import type { At, Place } from './place.ts';

const resource = 'auth-clients';
const service = 'auth';
const route = 'token';
const rule = 'by-weight';
/** Auth has its keys when it can issue tokens. */
const readyPath = '/.well-known/jwks.json';

/** The route of tokens. Both sides issue them, so it moves by its weight alone, once auth has the API clients. */
export class TokenRoute {
  readonly resource = resource;
  readonly #mesh: MeshAdmin;
  readonly #service: ServiceSide;

  constructor(mesh: MeshAdmin, serviceSide: ServiceSide) {
    this.#mesh = mesh;
    this.#service = serviceSide;
  }

  async place(): Promise<Place> {
    const found = await this.#weights().catch(messageOf);
    const [at, moved, failure] = typeof found === 'string' ? [null, true, found] : [found.at, found.moved, null];
    const down = at === 'service' ? null : await this.#service.responds(service, readyPath).then(() => null, messageOf);
    return { resource, service, at, moved, copied: false, follows: true, down, failure };
  }

  async move(target: Target): Promise<Place> {
    await this.#mesh.shift(route, rule, target === 'service' ? service : 'monolith', `${resource} to the ${target}`);
    return this.place();
  }

  async #weights(): Promise<{ at: At; moved: boolean }> {
    const own = (await this.#mesh.weights(route)).find((one) => one.rule === rule);
    const share = own?.weights[service] ?? 0;
    const all = Object.values(own?.weights ?? {}).reduce((sum, weight) => sum + weight, 0);
    return {
      at: share === 0 ? 'monolith' : share === all ? 'service' : 'split',
      moved: (own?.setBy ?? null) !== null,
    };
  }
}
