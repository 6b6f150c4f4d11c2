import type { Pool } from 'pg';
import { MigrationError } from '../errors.ts';
import type { ParityReport } from '../parity/parity-report.ts';

/** What the worker has written down about a resource. */
export interface Entry {
  name: string;
  backfill: { begun: boolean; after: string | null; sent: number; total: number; doneAt: string | null };
  parity: ParityReport | null;
  newest: { monolith: number; service: number };
}

export type Target = 'service' | 'monolith';

export interface OpenSwitch {
  id: string;
  target: Target;
}

interface Row {
  name: string;
  backfill_begun: string | null;
  backfill_after: string | null;
  backfill_sent: string;
  backfill_total: string;
  backfill_done: string | null;
  parity: ParityReport | null;
  newest_monolith: string;
  newest_service: string;
}

/** The worker's own database: what is under way, so that another process can go on with it. */
export class Journal {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async attached(): Promise<Entry[]> {
    const { rows } = await this.#pool.query<Row>(
      `select name, backfill_begun::text, backfill_after, backfill_sent, backfill_total, backfill_done::text, parity,
              newest_monolith, newest_service
       from resources order by name`,
    );
    return rows.map((row) => ({
      name: row.name,
      backfill: {
        begun: row.backfill_begun !== null,
        after: row.backfill_after,
        sent: Number(row.backfill_sent),
        total: Number(row.backfill_total),
        doneAt: row.backfill_done,
      },
      parity: row.parity,
      newest: { monolith: Number(row.newest_monolith), service: Number(row.newest_service) },
    }));
  }

  /** @throws MigrationError `not_attached` */
  async entry(name: string): Promise<Entry> {
    const found = (await this.attached()).find((entry) => entry.name === name);
    if (!found) throw new MigrationError('not_attached', `${name} is not under way: run backfill ${name} first`);
    return found;
  }

  async attach(name: string): Promise<void> {
    await this.#pool.query('insert into resources (name) values ($1) on conflict do nothing', [name]);
  }

  async detach(name: string): Promise<void> {
    await this.#pool.query('delete from resources where name = $1', [name]);
  }

  /** @param anew after a store was restored from a backup: the newest versions that were seen say nothing any more */
  async beginBackfill(name: string, total: number, anew: boolean): Promise<void> {
    await this.#pool.query(
      `update resources set backfill_begun = now(), backfill_after = null, backfill_sent = 0, backfill_total = $2,
         backfill_done = null, newest_monolith = case when $3 then 0 else newest_monolith end,
         newest_service = case when $3 then 0 else newest_service end
       where name = $1`,
      [name, total, anew],
    );
  }

  async advanceBackfill(name: string, after: string, sent: number): Promise<void> {
    await this.#pool.query(
      'update resources set backfill_after = $2, backfill_sent = backfill_sent + $3 where name = $1',
      [name, after, sent],
    );
  }

  async finishBackfill(name: string): Promise<void> {
    await this.#pool.query('update resources set backfill_done = now() where name = $1', [name]);
  }

  async saveParity(name: string, report: ParityReport): Promise<void> {
    await this.#pool.query('update resources set parity = $2 where name = $1', [name, JSON.stringify(report)]);
  }

  /** Remembers the newest version that a side has shown. */
  async sawNewest(name: string, side: Target, version: number): Promise<void> {
    await this.#pool.query(`update resources set newest_${side} = greatest(newest_${side}, $2) where name = $1`, [
      name,
      version,
    ]);
  }

  /** @throws MigrationError `switching` when a switch of the resource is under way */
  async beginSwitch(name: string, target: Target): Promise<OpenSwitch> {
    const { rows } = await this.#pool.query<{ id: string }>(
      'insert into switches (resource, target) values ($1, $2) on conflict do nothing returning id',
      [name, target],
    );
    if (!rows[0]) throw new MigrationError('switching', `a switch of ${name} is under way`);
    return { id: rows[0].id, target };
  }

  /** Whether the owner has ever changed. */
  async hasSwitched(name: string): Promise<boolean> {
    const { rows } = await this.#pool.query(
      "select from switches where resource = $1 and outcome = 'switched' limit 1",
      [name],
    );
    return rows.length > 0;
  }

  async openSwitch(name: string): Promise<OpenSwitch | null> {
    const { rows } = await this.#pool.query<OpenSwitch>(
      'select id, target from switches where resource = $1 and outcome is null',
      [name],
    );
    return rows[0] ?? null;
  }

  async step(
    id: string,
    step: string,
    state: 'begun' | 'done' | 'failed',
    detail: string | null = null,
  ): Promise<void> {
    await this.#pool.query('insert into switch_steps (switch_id, step, state, detail) values ($1, $2, $3, $4)', [
      id,
      step,
      state,
      detail,
    ]);
  }

  async endSwitch(id: string, outcome: 'switched' | 'undone', reason: string | null): Promise<void> {
    await this.#pool.query('update switches set outcome = $2, reason = $3 where id = $1', [id, outcome, reason]);
  }
}
