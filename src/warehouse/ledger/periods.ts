/**
 * Periods that are no further apart adjoin: one may end at 23:59:59, the next begins at 00:00:00.
 */
export const maxSeamMs = 60_000;
