import { z } from 'zod';
import { marketplaceId, marketplaces } from '../schema/marketplaces.js';
import { didYouMean } from '../text/nearest-name.js';
import { cronMistake } from './cron.js';
import { variablePattern } from './substitute.js';

/** The message for a text that is no cron expression. */
export const cronError = { error: (issue: { input?: unknown }) => cronMistake(String(issue.input)) };

/** A marketplace by id or country code; it becomes the id. */
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

/** A report type by its full name. */
export const exactReportType = z
  .string()
  .regex(
    /^[A-Z][A-Z0-9_]*$/,
    'expected the full name of a report type, such as GET_SALES_AND_TRAFFIC_REPORT',
  );

/** Whether an address can only be reached from this machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);
}

/** An empty value, for example from `${NAME:-}`, counts as absent. */
export const optionalText = (description: string) =>
  z
    .string()
    .optional()
    .transform((text) => text || undefined)
    .describe(description);

/** An optional URL. */
export const optionalUrl = (description: string) =>
  z
    .string()
    .regex(
      /^(https?:\/\/[^\s/]\S*)?$/,
      'expected a URL with its scheme, such as https://sqs.example.com or http://localhost:4566',
    )
    .optional()
    .transform((text) => text || undefined)
    .describe(description);

/**
 * A secret. The pattern is for editors, which see the file before variables are filled in; the
 * program checks it then too.
 */
export const credential = (description: string) =>
  z.string().min(1).meta({ description, pattern: variablePattern });
