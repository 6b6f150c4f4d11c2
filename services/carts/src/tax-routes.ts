import { badRequest, checker, isMembers, listOf, type Members, objectOf } from '@banyan/kit/api';
import type { Server } from '@banyan/kit/http';
import type { FastifyRequest } from 'fastify';
import { cartIdOf, type Line, type Tax } from './cart.ts';
import { NewTaxItem, paths, TaxChange } from './contract.ts';
import type { Draft } from './draft.ts';
import { forbidden, notFound } from './errors.ts';
import { type ByCart, type ByItem, changeCart, changeIn, type Handlers } from './handlers.ts';
import { maxLines, maxTaxes } from './limits.ts';
import { askedFor } from './showing.ts';
import { taxView } from './view.ts';

const taxItem = checker(NewTaxItem);
const taxChange = checker(TaxChange);

interface ByTax {
  Params: { ref: string; item: string; tax: string };
}

/** Taxes of lines. These paths need client credentials, because shoppers must not set their own tax. */
export function addTaxRoutes(server: Server, handlers: Handlers): void {
  const { once } = handlers;
  const change = ({ headers, params }: FastifyRequest<ByCart>, work: (draft: Draft) => void) =>
    changeCart(handlers, askedFor(handlers, headers), cartIdOf(params.ref), work);

  server.post<ByItem>(paths.itemTaxes, { schema: { summary: 'Tax a line' } }, (request, reply) => {
    onlyAdmin(request);
    const tax = taxItem(objectOf(request.body));
    const id = cartIdOf(request.params.ref);
    const asked = askedFor(handlers, request.headers);
    return once(request, reply, id, async (changes) => {
      const added: Tax[] = [];
      await changeIn(handlers, asked, changes, id, (draft) => {
        added.push(draft.addTax(draft.require(request.params.item), tax));
      });
      return { data: added.map(taxView)[0] };
    });
  });

  server.put<ByTax>(paths.itemTax, { schema: { summary: 'Change a tax' } }, async (request) => {
    onlyAdmin(request);
    const { name, jurisdiction, code, rate } = taxChange(objectOf(request.body));
    let changed: Tax | undefined;
    await change(request, (draft) => {
      const { line, tax } = requireTax(draft, request.params);
      const next: Tax = {
        ...tax,
        name: name ?? tax.name,
        jurisdiction: jurisdiction ?? tax.jurisdiction,
        code: code ?? tax.code,
        rate: rate ?? tax.rate,
      };
      changed = next;
      draft.setTaxes(
        line,
        line.taxes.map((each) => (each.id === tax.id ? next : each)),
      );
    });
    return { data: changed && taxView(changed) };
  });

  server.delete<ByTax>(paths.itemTax, { schema: { summary: 'Remove a tax' } }, async (request, reply) => {
    onlyAdmin(request);
    await change(request, (draft) => {
      const { line, tax } = requireTax(draft, request.params);
      draft.setTaxes(
        line,
        line.taxes.filter(({ id }) => id !== tax.id),
      );
    });
    return reply.code(204).send();
  });

  server.post<ByCart>(paths.taxes, { schema: { summary: 'Tax several lines' } }, (request, reply) => {
    onlyAdmin(request);
    const list = listOf(request.body);
    if (list.length > maxLines * maxTaxes) throw badRequest(`Add at most ${maxLines * maxTaxes} tax items at once`);
    const wanted = list.map((tax) => ({ lineId: taxedLine(tax), tax: taxItem(tax) }));
    const id = cartIdOf(request.params.ref);
    const asked = askedFor(handlers, request.headers);
    return once(request, reply, id, async (changes) => {
      const added: Tax[] = [];
      await changeIn(handlers, asked, changes, id, (draft) => {
        for (const { lineId, tax } of wanted) added.push(draft.addTax(draft.require(lineId), tax));
      });
      return { data: added.map(taxView) };
    });
  });

  server.delete<ByCart>(paths.taxes, { schema: { summary: 'Remove all taxes' } }, async (request, reply) => {
    onlyAdmin(request);
    await change(request, (draft) => {
      for (const line of draft.lines) if (line.taxes.length > 0) draft.setTaxes(line, []);
    });
    return reply.code(204).send();
  });
}

function onlyAdmin(request: FastifyRequest): void {
  if (request.caller.kind !== 'client_credentials') throw forbidden('Tax items need client credentials');
}

function requireTax(draft: Draft, params: ByTax['Params']): { line: Line; tax: Tax } {
  const line = draft.require(params.item);
  const tax = line.taxes.find(({ id }) => id === params.tax.toLowerCase());
  if (tax === undefined) throw notFound('The requested tax item could not be found');
  return { line, tax };
}

/** In a list, `relationships.item.data.id` of each tax names its line. */
function taxedLine(tax: Members): string {
  const item = isMembers(tax.relationships) ? tax.relationships.item : undefined;
  const link = isMembers(item) && isMembers(item.data) ? item.data.id : undefined;
  if (typeof link !== 'string') throw badRequest('A tax item of a list names its line in relationships.item.data.id');
  return link;
}
