import Type, { type Static } from '@banyan/kit/typebox';

/** What other services may import from this one: paths and bodies. */
export const paths = {
  jobs: '/v2/jobs',
  job: '/v2/jobs/:id',
  /** Where the file of a job is. */
  file: '/v2/jobs/:id/file',
  content: '/v2/jobs/:id/file/content',
  /** Sales by day, month, product or currency. Not at the edge. */
  sales: '/internal/reports/sales',
} as const;

/** `data` of POST /v2/jobs. Other members are ignored; `type` may be missing. */
export const NewJob = Type.Object({
  type: Type.Optional(Type.Literal('job')),
  job_type: Type.Enum(['order_export']),
  /** In the grammar of list filters, by the fields of orders. */
  filter: Type.Optional(Type.String({ maxLength: 8_192 })),
});
export type NewJob = Static<typeof NewJob>;

/** A job in replies. */
export interface JobView {
  id: string;
  type: 'job';
  job_type: string;
  filter?: string;
  status: 'pending' | 'processing' | 'complete' | 'failed';
  error?: string;
  /** Empty unless there is a file. */
  link: { href: string };
  links: { self: string };
  timestamps: { created_at: string; updated_at: string };
}

/** A line of a report of sales. Amounts are in minor units of the currency. */
export interface SalesLine {
  /** A day, a month, a SKU or a currency, as `by` says. */
  key: string;
  currency: string;
  orders: number;
  items: number;
  amount: number;
}
