/**
 * Calls, of the burst of 15 that each seller has, that a backfill leaves to documents announced by
 * notifications.
 */
export const callsLeftToDrains = 10;
