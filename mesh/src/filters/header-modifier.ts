import type { HeaderModifier } from '../config/model.ts';
import { type Headers, removeHeader, setHeader } from '../headers.ts';

/** Applies `modifier` to `headers`, in place: set, then add, then remove (Gateway API HTTPHeaderFilter). */
export function modifyHeaders(headers: Headers, { set, add, remove }: HeaderModifier): void {
  for (const { name, value } of set) setHeader(headers, name, value);
  for (const { name, value } of add) headers.push(name, value);
  for (const name of remove) removeHeader(headers, name);
}
