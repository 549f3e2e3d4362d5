export type AlarmKind =
  | 'stale_table'
  | 'quarantine'
  | 'warning'
  | 'credentials'
  | 'secret'
  | 'notification'
  | 'queue'
  | 'request'
  | 'machine'
  | 'unreachable';

/** A condition that somebody should know about while it lasts. */
export interface Condition {
  /** Identifies the condition over time. */
  key: string;
  kind: AlarmKind;
  /** One line, without a full stop. */
  title: string;
  /** The details, and what to do next. */
  text: string;
  /** ISO 8601. */
  since: string;
  /**
   * A later mark than the one that was sent makes the condition news again, for example the time of
   * the newest quarantined document.
   */
  mark?: string;
}
