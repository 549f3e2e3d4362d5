/** The steps of the data path, in order; tests crash the program at each of them. */
export const faultPoints = [
  'received',
  'routed',
  'report-known',
  'located',
  /** The partial file has the first bytes of the document. */
  'bytes-begun',
  /** The partial file has all bytes, but not its final name. */
  'bytes-whole',
  /**
   * The bytes are in the raw bucket, if there is one; the local file has not got its final name.
   */
  'raw-kept',
  'downloaded',
  'examined',
  'rows-parsed',
  'parquet-written',
  /** One of its files is in the lake, including a lake in a bucket. */
  'parquet-kept',
  /** The open transaction contains rows and ledger. */
  'rows-in',
  /** The transaction is committed, but only in the write-ahead log. */
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
  'records-marked',
  /** The warehouse file is rewritten, but has not got its name. */
  'file-copied',
  'file-replaced',
  'copies-removed',
] as const;

/** The steps of requesting a report, in order. */
type RequestFaultPoint =
  /** The request is stored. */
  | 'request-noted'
  /** Amazon has answered, but the answer is not stored. */
  | 'request-made';

/** The copy of the warehouse for other tools has its bytes, but not its final name. */
type PublishFaultPoint = 'copy-made';

/** A step that only `load` of a file without a given type has. */
type LoadFaultPoint = 'type-chosen';

/** The body of a notification for the operator is in its file; its message is not acknowledged. */
type NotificationFaultPoint = 'notification-kept';

export type FaultPoint =
  | (typeof faultPoints)[number]
  | (typeof purgeFaultPoints)[number]
  | RequestFaultPoint
  | PublishFaultPoint
  | LoadFaultPoint
  | NotificationFaultPoint;

let passes = 0;

/**
 * Kills this process with SIGKILL if the environment variable SP_REPORTS_CRASH_AT names this step,
 * such as `downloaded`, or its nth pass, such as `downloaded:3`. With it, tests prove that a crash
 * anywhere loses nothing and loads nothing twice.
 */
export function faultPoint(step: FaultPoint): void {
  const wanted = process.env.SP_REPORTS_CRASH_AT;
  if (!wanted) return;
  const [name, pass = '1'] = wanted.split(':');
  if (name !== step) return;
  passes += 1;
  if (passes === Number(pass)) process.kill(process.pid, 'SIGKILL');
}
