/** The steps of the data path, in order; a crash is tried between every two of them. */
export const faultPoints = [
  'received',
  'report-known',
  'located',
  'downloaded',
  'examined',
  'rows-parsed',
  'parquet-written',
  'committed',
  'record-written',
  'acked',
] as const;

export type FaultPoint = (typeof faultPoints)[number];

let passes = 0;

/**
 * Kills this process with SIGKILL where the environment variable SP_REPORTS_CRASH_AT names this step, `downloaded`, or its nth pass,
 * `downloaded:3`. It is how the tests prove that a crash anywhere loses nothing and loads nothing twice.
 */
export function faultPoint(step: FaultPoint): void {
  const wanted = process.env.SP_REPORTS_CRASH_AT;
  if (!wanted) return;
  const [name, pass = '1'] = wanted.split(':');
  if (name !== step) return;
  passes += 1;
  if (passes === Number(pass)) process.kill(process.pid, 'SIGKILL');
}
