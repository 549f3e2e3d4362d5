import { z } from 'zod';

/** A smaller share of the smallest burst, which is 5 calls, would be less than half a call. */
const minShare = 0.1;

/** The part of Amazon's quota that one installation uses. */
export const quotaShareSpec = z
  .union([
    z
      .string()
      .regex(/^\s*1\s*\/\s*([1-9]|10)\s*$/, 'expected a share such as `1/2` or `1/3`, at least `1/10`')
      .transform((text) => 1 / Number(text.split('/')[1])),
    z.number().min(minShare).max(1),
  ])
  .default(1)
  .describe(
    "The share of Amazon's quota that this installation uses, such as `1/2`, if others make calls with the same application for the same sellers: replicas with `state` folders of their own, or other programs. Processes that share a `state` folder share its quota and need no such setting (docs/requests.md).",
  );
