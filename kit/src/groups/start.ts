import Type, { type Static } from '../../vendor/typebox.js';
import { allowBrowsers } from '../api/cors.ts';
import { isUuid } from '../api/ids.ts';
import { EntityFields } from '../fields/definitions.ts';
import { FieldIncludes } from '../fields/includes.ts';
import { addTargetRoutes } from '../fields/target-routes.ts';
import { peersOnly } from '../http/basic.ts';
import { createServer } from '../http/server.ts';
import { addImportRoutes } from '../import/routes.ts';
import type { Logger } from '../observe/log.ts';
import { Metrics } from '../observe/metrics.ts';
import { type CleaningUp, startCleanUp } from '../once/clean-up.ts';
import { requireCurrencyBy } from '../peers/enabled-currency.ts';
import { pageLengthOf } from '../peers/page-length.ts';
import { platformOf } from '../peers/platform.ts';
import { prepareStore } from '../run/prepare-store.ts';
import { type RunningService, runService } from '../run/run.ts';
import type { Clock } from '../service/clock.ts';
import {
  commonSettings,
  messageSettings,
  migrationSettings,
  peerSettings,
  placeOf,
  whole,
} from '../service/common-settings.ts';
import { groupsErrors } from './errors.ts';
import type { GroupKind } from './kind.ts';
import { Members } from './members.ts';
import { addGroupRoutes } from './routes.ts';
import type { GroupStore } from './store.ts';

/** The settings of a service of groups but for those of its store. Spread them into the service's own schema. */
export const groupSettings = (port: number) => ({
  ...commonSettings(port),
  ...migrationSettings,
  ...peerSettings,
  ...messageSettings,
  /** The fields that an operator added are asked for this often at most: a change of them takes effect after that. */
  FIELDS_FRESH_MS: whole(1_000, 0),
});
const settingsObject = (port: number) => Type.Object(groupSettings(port));
type Settings = Static<ReturnType<typeof settingsObject>>;

export interface GroupServiceOptions<Tx> {
  kind: GroupKind;
  /** One sentence for the documentation of the routes. */
  description: string;
  config: Settings;
  /** Closed at the end. */
  store: GroupStore<Tx>;
  logger: Logger;
  now: Clock;
}

export interface GroupService<Tx = unknown> extends RunningService {
  store: Pick<GroupStore<Tx>, 'all' | 'transaction' | 'linksOf' | 'forgetReplies'>;
}

/** Builds and starts the service of one kind of groups, whose name is the plural. */
export async function startGroupService<Tx>(options: GroupServiceOptions<Tx>): Promise<GroupService<Tx>> {
  const { kind, description, config, store, logger, now } = options;
  const name = kind.plural;
  const platform = platformOf(config, { now });
  const pageLength = pageLengthOf(platform.asking, now, config.PAGE_LENGTH_FRESH_MS);
  const requireCurrency = requireCurrencyBy(platform.asking, now, config.CURRENCY_FRESH_MS);
  const members = new Members(platform.asking, kind);
  const fields = new EntityFields(name, { ...platform, now, freshMs: config.FIELDS_FRESH_MS });
  const includes = new FieldIncludes(platform);
  let cleaningUp: CleaningUp | undefined;

  const metrics = new Metrics();
  const server = await createServer({
    logger,
    metrics,
    errors: groupsErrors,
    checks: { store: () => store.ping() },
    forms: false,
    docs: { title: name, version: '1', description },
  });
  await allowBrowsers(server);
  addImportRoutes(server, store.moves, config.MIGRATION_TOKEN);
  const handlers = { ...platform, kind, store, members, pageLength, requireCurrency, fields, includes, now };
  addGroupRoutes(server, { ...handlers, publicUrl: config.PUBLIC_URL });
  addTargetRoutes(server, {
    requirePeer: peersOnly(platform.credentials),
    of: { [kind.type]: async (ids) => [...(await store.visible(ids.filter(isUuid), false))] },
  });

  const running = await runService({
    ...placeOf(config),
    ...{ name, server, logger, metrics },
    prepare: async () => {
      await prepareStore(store, name, config, logger);
      // Known from the start, if the peer is there: writes need them.
      await fields.shown({});
      cleaningUp ??= startCleanUp(store, logger);
    },
    publishes: store.published,
    release: async () => {
      await cleaningUp?.stop();
      await Promise.all([platform.mesh.close(), store.close()]);
    },
  });
  return { ...running, store };
}
