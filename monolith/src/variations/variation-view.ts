import type { ModifierRow, OptionRow, VariationRow } from './variation-rows.ts';

/** A variation in the form of the API. A variation without options has no `options` and no `relationships`. */
export function variationView({ id, name, options, created_at, updated_at }: VariationRow) {
  return {
    type: 'product-variation',
    id,
    name,
    ...(options.length > 0 && {
      options: options.map((option) => ({
        id: option.id,
        name: option.name,
        description: option.description,
        // Here, and only here, `type` is the type of the modifier.
        modifiers: option.modifiers.map((modifier) => ({ ...modifier })),
      })),
      relationships: { options: { data: options.map((option) => ({ type: 'option', id: option.id })) } },
    }),
    meta: timestamps({ created_at, updated_at }),
  };
}

/** An option in the form of the API. Its modifiers are objects of one member, not links. */
export function optionView({ id, name, description, modifiers, created_at, updated_at }: OptionRow) {
  return {
    type: 'option',
    id,
    name,
    description,
    meta: timestamps({ created_at, updated_at }),
    relationships:
      modifiers.length === 0 ? {} : { modifiers: { data: modifiers.map(({ type, value }) => ({ [type]: value })) } },
  };
}

export function modifierView({ id, type, value }: ModifierRow) {
  return { type: 'modifier', id, modifier_type: type, value };
}

function timestamps({ created_at, updated_at }: { created_at: Date; updated_at: Date }) {
  return { timestamps: { created_at: created_at.toISOString(), updated_at: updated_at.toISOString() } };
}
