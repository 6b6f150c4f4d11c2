export { Asking, type AskingOptions, forwarded, type PeerReply, unavailable } from './asking.ts';
export { type RequireCurrency, requireCurrencyBy } from './enabled-currency.ts';
export { type ApiGuard, guardApi } from './guard.ts';
export { type PageLength, pageLengthOf } from './page-length.ts';
export { customerTokenHeader, type Platform, type PlatformOptions, platformOf } from './platform.ts';
export { type AskSettings, type StoreSettings, settingsOf } from './settings.ts';
