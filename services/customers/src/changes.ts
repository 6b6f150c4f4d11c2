import { taken } from '@banyan/kit/api';
import { type Field, type NewValues, requireUnique, type Values } from '@banyan/kit/fields';
import type { Changed } from '@banyan/kit/import';
import { duplicateKeyIn, type MariadbQueryable, statement } from '@banyan/kit/mariadb';
import { type KeptReplies, mariadbReplies } from '@banyan/kit/once';
import type { Address, Customer } from './domain.ts';
import type { ToldChanges } from './facts.ts';
import {
  type AddressRow,
  addressColumns,
  addressOf,
  addressRow,
  type CustomerRow,
  customerColumns,
  customerOf,
  customerRow,
} from './rows.ts';

/** Values of fields to write. */
export interface ValuesToWrite {
  values: Values;
  /** Those that this write sets: the value of a unique one must not be another entity's. */
  given: NewValues;
  fields: readonly Field[];
}

/**
 * What a transaction may read and write. Nothing of it is visible to others before the transaction ends. A customer and their
 * addresses are one aggregate: `find` locks it, and comes before every other call.
 */
export interface Changes {
  /** The customer, locked until the transaction ends. */
  find(id: string): Promise<Customer | undefined>;
  /** @throws ServiceError `validation_failed`: the e-mail address is another customer's */
  insert(customer: Customer): Promise<void>;
  /** Writes all members but the values of fields. @throws as `insert` */
  update(customer: Customer): Promise<void>;
  /** @throws ServiceError `validation_failed`: the value of a unique field is taken */
  setValues(customer: Customer, change: ValuesToWrite): Promise<Customer>;
  /** With all addresses. */
  delete(customer: Customer): Promise<void>;
  /** Undefined: the customer has no such address. */
  findAddress(customerId: string, id: string): Promise<Address | undefined>;
  insertAddress(address: Address): Promise<void>;
  /** Writes all members but the values of fields. */
  updateAddress(address: Address): Promise<void>;
  /** @throws as `setValues` */
  setAddressValues(address: Address, change: ValuesToWrite): Promise<Address>;
  deleteAddress(address: Address): Promise<void>;
  /** What was replied to requests with an `Idempotency-Key`. Each reply moves with its customer. */
  readonly replies: KeptReplies;
}

type Table = 'customers' | 'addresses';
type RowValues = (string | number | null | Buffer)[];

const findLocked = statement<CustomerRow, [string]>(
  'customers_find_locked',
  `select ${customerColumns} from customers where id = ? for update`,
);
const findAddress = statement<AddressRow, [string, string]>(
  'addresses_find_locked',
  `select ${addressColumns} from addresses where customer_id = ? and id = ? for update`,
);
const deleteCustomer = statement<object, [string]>('customers_delete', 'delete from customers where id = ?');
const deleteAddresses = statement<object, [string]>(
  'addresses_delete_all',
  'delete from addresses where customer_id = ?',
);
const deleteAddress = statement<object, [string]>('addresses_delete', 'delete from addresses where id = ?');
const lockFields = statement<object>('customers_lock_fields', 'select one from field_lock where one = 1 for update');
// `concat` makes a text of the JSON that was found, which is then compared as text: the same value is always written alike.
const holderIn = (table: Table) =>
  statement<{ id: string }, [string, string, string]>(
    `${table}_holder`,
    `select id from ${table} where concat(json_extract(field_values, ?), '') = ? and id <> ? limit 1`,
  );
const holders = { customers: holderIn('customers'), addresses: holderIn('addresses') };

/** All writes of this service. Each says which customers it has changed. */
export function changesIn(tx: MariadbQueryable, changed: Changed, told: ToldChanges): Changes {
  const insert = async (table: Table, row: object) => {
    const names = Object.keys(row);
    const text = `insert into ${table} (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`;
    await tx.run(statement<object, RowValues>(`${table}_insert`, text), Object.values(row));
  };
  const update = async (table: Table, { id, field_values: _, ...row }: { id: string; field_values: string }) => {
    const text = `update ${table} set ${Object.keys(row)
      .map((name) => `${name} = ?`)
      .join(', ')} where id = ?`;
    await tx.run(statement<object, RowValues>(`${table}_update`, text), [...Object.values(row), id]);
  };
  const setValues = async (table: Table, id: string, { values, given, fields }: ValuesToWrite) => {
    if (fields.some((field) => field.unique && given.has(field.id))) await tx.query(lockFields, []);
    await requireUnique(fields, given, async (field, value) => {
      return (await tx.query(holders[table], [`$."${field.id}"`, JSON.stringify(value), id])).length > 0;
    });
    const text = `update ${table} set field_values = ? where id = ?`;
    await tx.run(statement<object, [string, string]>(`${table}_set_values`, text), [JSON.stringify(values), id]);
  };
  return {
    replies: mariadbReplies.of(tx),
    find: async (id) => {
      const [row] = await tx.query(findLocked, [id]);
      return row && customerOf(row);
    },
    insert: async (customer) => {
      await freeEmail(insert('customers', customerRow(customer)));
      told.customer(customer, 'created', await changed(customer.id));
    },
    update: async (customer) => {
      await freeEmail(update('customers', customerRow(customer)));
      told.customer(customer, 'updated', await changed(customer.id));
    },
    setValues: async (customer, change) => {
      await setValues('customers', customer.id, change);
      const after = { ...customer, values: change.values };
      told.customer(after, 'updated', await changed(customer.id));
      return after;
    },
    delete: async (customer) => {
      await tx.run(deleteAddresses, [customer.id]);
      await tx.run(deleteCustomer, [customer.id]);
      told.customer(customer, 'deleted', await changed(customer.id, { deleted: true }));
    },
    findAddress: async (customerId, id) => {
      const [row] = await tx.query(findAddress, [customerId, id]);
      return row && addressOf(row);
    },
    insertAddress: async (address) => {
      await insert('addresses', addressRow(address));
      told.address(address, 'created', await changed(address.customerId));
    },
    updateAddress: async (address) => {
      await update('addresses', addressRow(address));
      told.address(address, 'updated', await changed(address.customerId));
    },
    setAddressValues: async (address, change) => {
      await setValues('addresses', address.id, change);
      const after = { ...address, values: change.values };
      told.address(after, 'updated', await changed(address.customerId));
      return after;
    },
    deleteAddress: async (address) => {
      await tx.run(deleteAddress, [address.id]);
      told.address(address, 'deleted', await changed(address.customerId));
    },
  };
}

async function freeEmail(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (duplicateKeyIn(error) !== 'customers_email') throw error;
    throw taken('data.email');
  }
}
