/** One member of `errors` in the public API's error body. */
export interface ApiFault {
  status: number;
  title: string;
  detail?: string;
  source?: string;
  meta?: Readonly<Record<string, unknown>>;
  request_id?: string;
}

/** The public API's error body. `errors` is always an array, and each member has a `status`. */
export interface ApiErrorBody {
  errors: readonly ApiFault[];
}
