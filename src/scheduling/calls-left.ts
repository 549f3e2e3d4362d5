/**
 * Calls of getReportDocument, of the burst of 15 that each seller has, that backfills and requests
 * leave to documents announced by notifications.
 */
export const callsLeftToDrains = 10;
