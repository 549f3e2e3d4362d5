/** The steps of the data path, in order; a crash is tried at every one of them. */
export const faultPoints = [
  'received',
  'routed',
  'report-known',
  'located',
  /** The first bytes of the document are in its part. */
  'bytes-begun',
  /** All of them are, and the part has not got its final name. */
  'bytes-whole',
  /** They are among the raw documents where these are in a bucket, and the part on this machine has not got its final name. */
  'raw-kept',
  'downloaded',
  'examined',
  'rows-parsed',
  'parquet-written',
  /** One of its files is in the lake, where that is in a bucket too. */
  'parquet-kept',
  /** Rows and ledger are in the open transaction. */
  'rows-in',
  /** The transaction is committed, and stands in the write-ahead log alone. */
  'transaction-ended',
  'committed',
  'record-written',
  'acked',
] as const;

/** The steps of a purge, in order. */
export const purgeFaultPoints = [
  'lake-purged',
  'raw-purged',
  'rows-purged',
  /** The warehouse file is written anew, and has not got its name. */
  'file-copied',
  'file-replaced',
  'copies-removed',
  'records-marked',
] as const;

/** The steps of asking for a report, in order. */
type RequestFaultPoint =
  /** What is asked for is written down. */
  | 'request-noted'
  /** Amazon has answered, and its answer is not written down. */
  | 'request-made';

export type FaultPoint = (typeof faultPoints)[number] | (typeof purgeFaultPoints)[number] | RequestFaultPoint;

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
