import type { Kind } from './kind.ts';

const path = '/v2/settings';

/** A language for each digit: of the settings, this one disturbs no other client. */
const digits = ['aa', 'ab', 'ae', 'af', 'ak', 'am', 'an', 'ar', 'as', 'av'];
const languagesOf = (value: number): string[] => [...String(value)].map((digit) => digits[Number(digit)] ?? '');

const put = (value: number) => ({
  method: 'PUT',
  path,
  data: { type: 'settings', additional_languages: languagesOf(value) },
});

/** No languages: the client has not written yet. */
const valueShownBy = (languages: readonly string[]): number | null =>
  languages.length === 0 ? null : Number(languages.map((language) => digits.indexOf(language)).join(''));

/** Settings: there is one, so one client writes it. The additional languages are the value, up to five digits of it. */
export const settings: Kind = {
  resource: 'settings',
  lasting: true,
  single: true,
  unique: () => 'settings',
  create: (_unique, value) => put(value),
  pathOf: () => path,
  change: (_path, value) => put(value),
  remove: () => null,
  read: () => ({ method: 'GET', path }),
  valueIn: (_unique, { body }) => valueShownBy(body.data.additional_languages),
  find: async (shop) => {
    const { status, body } = await shop.get(path);
    if (status !== 200) throw new Error(`settings: ${status}`);
    const value = valueShownBy(body.data.additional_languages);
    return value === null ? [] : [{ unique: 'settings', value }];
  },
};
