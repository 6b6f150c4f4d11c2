import type { IncomingHttpHeaders } from 'node:http';
import { askedCurrency, currencyDisabled } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { type Asking, forwarded, unavailable } from '@banyan/kit/peers';
import type { CurrencyStyle } from './money.ts';

interface Currency {
  code: string;
  format: string;
  decimal_point: string;
  thousand_separator: string;
  decimal_places: number;
  enabled: boolean;
  default: boolean;
}

/** The currencies, as their owner has them. Remembered for a moment. */
export class Currencies {
  readonly #asking: Asking;
  readonly #now: Clock;
  readonly #freshMs: number;
  #known: readonly Currency[] | undefined;
  #untilMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(asking: Asking, now: Clock, freshMs: number) {
    this.#asking = asking;
    this.#now = now;
    this.#freshMs = freshMs;
  }

  /**
   * The currency that a request asks for; undefined if it asks for none.
   *
   * @throws ServiceError `currency_disabled`
   */
  async asked(headers: IncomingHttpHeaders): Promise<string | undefined> {
    const code = askedCurrency(headers);
    if (code === undefined) return undefined;
    const enabled = (list: readonly Currency[]) => list.some((one) => one.code === code && one.enabled);
    if (enabled(await this.#list(headers))) return code;
    this.#untilMs = Number.NEGATIVE_INFINITY;
    if (enabled(await this.#list(headers))) return code;
    throw currencyDisabled();
  }

  /** @throws ServiceError `peer_unavailable`: their owner cannot be asked and never was */
  async default(headers: IncomingHttpHeaders): Promise<string> {
    const found = (await this.#list(headers)).find((currency) => currency.default);
    if (found === undefined) throw unavailable('currencies');
    return found.code;
  }

  /** How to print a currency. Carts outlive currencies, so a deleted one prints plainly. */
  async style(code: string, headers: IncomingHttpHeaders): Promise<CurrencyStyle> {
    const found = (await this.#list(headers)).find((currency) => currency.code === code);
    if (found === undefined) {
      return { code, format: `{price} ${code}`, decimalPoint: '.', thousandSeparator: '', decimalPlaces: 2 };
    }
    return {
      code,
      format: found.format,
      decimalPoint: found.decimal_point,
      thousandSeparator: found.thousand_separator,
      decimalPlaces: found.decimal_places,
    };
  }

  async #list(headers: IncomingHttpHeaders): Promise<readonly Currency[]> {
    if (this.#known === undefined || this.#untilMs <= this.#now()) {
      this.#reading ??= this.#read(headers).finally(() => {
        this.#reading = undefined;
      });
      try {
        await this.#reading;
      } catch (error) {
        // What was known last prints the same but for a change of this moment.
        if (this.#known === undefined) throw error;
      }
    }
    return this.#known ?? [];
  }

  async #read(headers: IncomingHttpHeaders): Promise<void> {
    const own = forwarded(headers, ['authorization']);
    const { status, body } = await this.#asking.ask('currencies', '/v2/currencies', own, headers);
    if (status !== 200 || !Array.isArray(body.data)) throw unavailable('currencies');
    this.#known = body.data as Currency[];
    this.#untilMs = this.#now() + this.#freshMs;
  }
}
