import { z } from 'zod';
import { credential, marketplace, optionalText } from './common-spec.js';

/** One entry of `sellers`. */
export const sellerSpec = z
  .strictObject({
    id: z
      .string()
      .regex(/^[\w.-]+$/, 'expected a seller id such as A1B2C3D4E5F6G7')
      .describe('The seller id (merchant token), or the account id of a vendor group.'),
    name: optionalText('Display name.'),
    region: z.enum(['na', 'eu', 'fe']).describe('Region of the account: North America, Europe, Far East.'),
    marketplaces: z
      .array(marketplace)
      .default([])
      .describe(
        'Marketplace ids or country codes. They decide charset, decimal mark and date format if a document does not.',
      ),
    accountIds: z
      .array(z.string())
      .default([])
      .describe('Other ids of the account in notifications, such as amzn1.vg.123.'),
    credentials: z
      .strictObject({
        clientId: credential('Client id of the application.'),
        clientSecret: credential('Client secret of the application.'),
        refreshToken: credential('Refresh token of the authorization.'),
      })
      .describe(
        'Credentials of Login with Amazon, each one an environment variable. Invented ones may be written into the file if `api` names a sandbox on this machine.',
      ),
  })
  .describe('The seller accounts.');
