/** How one kind of record moves from the monolith's database to the service that takes it over. */
export interface Mapping {
  /** Its name on the command line. */
  name: string;
  /** One sentence for the list. */
  summary: string;
  source: {
    /** Environment variable that holds the database's URL. */
    variable: string;
    /** Shown when the source's tables do not exist yet. */
    hint: string;
    /** SQL of a relation (id uuid, changed_at timestamptz, row jsonb): the rows to hand to the target. */
    rows: string;
    /** SQL of a relation (id uuid, version timestamptz, fields jsonb): the fields to compare, without secrets. */
    comparable: string;
  };
  target: {
    variable: string;
    hint: string;
    /**
     * SQL call that takes a JSON array of rows as $1 and returns (applied_id uuid, outcome text). With $2 true, it also
     * applies a row that differs but is older than the target's.
     */
    apply: string;
    /** SQL call that takes a JSON array of ids as $1, deletes these records, and returns (removed_id uuid) for each. */
    remove: string;
    /** SQL of a relation like the source's `comparable`. */
    comparable: string;
    /** SQL of the table (name, watermark, run_started, last_key) that stores how far the source has been read. */
    progress: string;
  };
}
