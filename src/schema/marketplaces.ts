import type { ReportRegion } from './types.js';

export interface Marketplace {
  /** ISO 3166 code, except UK, which Amazon uses. */
  country: string;
  region: ReportRegion;
  /** As settlements and order reports name it, such as Amazon.de. */
  name: string;
  /** ISO 4217 code of its prices. */
  currency: string;
  /** IANA name of the zone in which Amazon's days begin: the Pacific one for Canada and Mexico. */
  timeZone: string;
}

/**
 * Amazon's marketplaces by id. Source: Selling Partner API documentation, "Marketplace IDs"; the
 * zones are those of the reports in Seller Central and of the Amazon Ads API.
 */
export const marketplaces: Readonly<Record<string, Marketplace>> = {
  A2EUQ1WTGCTBG2: market('CA', 'na', 'Amazon.ca', 'CAD', 'America/Los_Angeles'),
  ATVPDKIKX0DER: market('US', 'na', 'Amazon.com', 'USD', 'America/Los_Angeles'),
  A1AM78C64UM0Y8: market('MX', 'na', 'Amazon.com.mx', 'MXN', 'America/Los_Angeles'),
  A2Q3Y263D00KWC: market('BR', 'na', 'Amazon.com.br', 'BRL', 'America/Sao_Paulo'),
  A28R8C7NBKEWEA: market('IE', 'eu', 'Amazon.ie', 'EUR', 'Europe/Dublin'),
  A1RKKUPIHCS9HS: market('ES', 'eu', 'Amazon.es', 'EUR', 'Europe/Madrid'),
  A1F83G8C2ARO7P: market('UK', 'eu', 'Amazon.co.uk', 'GBP', 'Europe/London'),
  A13V1IB3VIYZZH: market('FR', 'eu', 'Amazon.fr', 'EUR', 'Europe/Paris'),
  AMEN7PMS3EDWL: market('BE', 'eu', 'Amazon.com.be', 'EUR', 'Europe/Brussels'),
  A1805IZSGTT6HS: market('NL', 'eu', 'Amazon.nl', 'EUR', 'Europe/Amsterdam'),
  A1PA6795UKMFR9: market('DE', 'eu', 'Amazon.de', 'EUR', 'Europe/Berlin'),
  APJ6JRA9NG5V4: market('IT', 'eu', 'Amazon.it', 'EUR', 'Europe/Rome'),
  A2NODRKZP88ZB9: market('SE', 'eu', 'Amazon.se', 'SEK', 'Europe/Stockholm'),
  AE08WJ6YKNBMC: market('ZA', 'eu', 'Amazon.co.za', 'ZAR', 'Africa/Johannesburg'),
  A1C3SOZRARQ6R3: market('PL', 'eu', 'Amazon.pl', 'PLN', 'Europe/Warsaw'),
  ARBP9OOSHTCHU: market('EG', 'eu', 'Amazon.eg', 'EGP', 'Africa/Cairo'),
  A33AVAJ2PDY3EV: market('TR', 'eu', 'Amazon.com.tr', 'TRY', 'Europe/Istanbul'),
  A17E79C6D8DWNP: market('SA', 'eu', 'Amazon.sa', 'SAR', 'Asia/Riyadh'),
  A2VIGQ35RCS4UG: market('AE', 'eu', 'Amazon.ae', 'AED', 'Asia/Dubai'),
  A21TJRUUN4KGV: market('IN', 'eu', 'Amazon.in', 'INR', 'Asia/Kolkata'),
  A19VAU5U5O7RUS: market('SG', 'fe', 'Amazon.sg', 'SGD', 'Asia/Singapore'),
  A39IBJ37TRP1C6: market('AU', 'fe', 'Amazon.com.au', 'AUD', 'Australia/Sydney'),
  A1VC38T7YXB528: market('JP', 'fe', 'Amazon.co.jp', 'JPY', 'Asia/Tokyo'),
};

function market(
  country: string,
  region: ReportRegion,
  name: string,
  currency: string,
  timeZone: string,
): Marketplace {
  return { country, region, name, currency, timeZone };
}

/** Returns the id for a marketplace id or country code, in any case; undefined if it is unknown. */
export function marketplaceId(idOrCountry: string): string | undefined {
  const wanted = idOrCountry.trim().toUpperCase();
  if (marketplaces[wanted]) return wanted;
  const country = wanted === 'GB' ? 'UK' : wanted;
  return Object.keys(marketplaces).find((id) => marketplaces[id]?.country === country);
}

/** Returns the country code of a marketplace, as people know it; the id of one that is unknown. */
export function countryOf(id: string): string {
  return marketplaces[id]?.country ?? id;
}
