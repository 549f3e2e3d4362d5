import { z } from 'zod';
import { marketplaceId, marketplaces } from '../schema/marketplaces.js';
import { didYouMean } from '../yaml-problems.js';
import { cronMistake } from './cron.js';

/** The message about a text that is no cron expression. */
export const cronError = { error: (issue: { input?: unknown }) => cronMistake(String(issue.input)) };

/** A marketplace by id or country code; gives its id. */
export const marketplace = z
  .string()
  .refine((text) => marketplaceId(text) !== undefined, {
    error: (issue) => {
      const known = [
        ...Object.keys(marketplaces),
        ...Object.values(marketplaces).map(({ country }) => country),
      ];
      return `expected a marketplace id such as ATVPDKIKX0DER, or a country code such as US, found "${issue.input}"${didYouMean(String(issue.input), known)}`;
    },
  })
  .transform((text) => marketplaceId(text) ?? text);

/** A report type by its whole name. */
export const exactReportType = z
  .string()
  .regex(
    /^[A-Z][A-Z0-9_]*$/,
    'expected a report type by its whole name, such as GET_SALES_AND_TRAFFIC_REPORT',
  );

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);
}
