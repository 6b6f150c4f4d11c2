/** How one kind of record moves from the monolith's database to the service that is to own it. */
export interface Mapping {
  /** What it is called on the command line. */
  name: string;
  /** One sentence for the list. */
  summary: string;
  source: {
    /** Environment variable that holds the database's URL. */
    variable: string;
    /** What must be done before the source can be read. */
    hint: string;
    /** SQL of a relation (id uuid, changed_at timestamptz, row jsonb): what is handed to the target. */
    rows: string;
    /** SQL of a relation (id uuid, version timestamptz, fields jsonb): what is compared. Never a secret. */
    comparable: string;
  };
  target: {
    variable: string;
    hint: string;
    /**
     * SQL call that takes a JSON array of rows as $1 and gives (applied_id uuid, outcome text). With $2 true a row is also
     * applied where it is older than what the target has, and differs.
     */
    apply: string;
    /** SQL call that takes a JSON array of ids as $1, deletes these records, and gives (removed_id uuid) of each. */
    remove: string;
    /** SQL of a relation like the source's `comparable`. */
    comparable: string;
    /** SQL of the table (name, watermark, run_started, last_key) that keeps how far the source was read. */
    progress: string;
  };
}
