-- What the worker knows of each resource that it moves.
CREATE TABLE resources (
  name           text PRIMARY KEY,
  attached_at    timestamptz NOT NULL DEFAULT now(),
  -- The backfill: begun, and the last key that the service has. Done: every aggregate was sent once.
  backfill_begun timestamptz,
  backfill_after text,
  backfill_sent  bigint NOT NULL DEFAULT 0,
  backfill_total bigint NOT NULL DEFAULT 0,
  backfill_done  timestamptz,
  -- The last comparison of both sides, as `parity` prints it.
  parity         jsonb,
  -- The newest versions that were seen on each side. A store that has older ones was restored from a backup.
  newest_monolith bigint NOT NULL DEFAULT 0,
  newest_service  bigint NOT NULL DEFAULT 0
);

-- Changes of the owner: each step is written before and after it is taken.
CREATE TABLE switches (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  resource text NOT NULL,
  target   text NOT NULL CHECK (target IN ('service', 'monolith')),
  begun_at timestamptz NOT NULL DEFAULT now(),
  -- Null while it is under way.
  outcome  text CHECK (outcome IN ('switched', 'undone')),
  reason   text
);
CREATE UNIQUE INDEX one_switch_at_a_time ON switches (resource) WHERE outcome IS NULL;

CREATE TABLE switch_steps (
  switch_id bigint NOT NULL REFERENCES switches,
  step      text NOT NULL,
  at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  state     text NOT NULL CHECK (state IN ('begun', 'done', 'failed')),
  detail    text
);
