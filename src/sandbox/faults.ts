/**
 * The planned faults of the sandbox; each is used up. Tests add to these maps and remove nothing.
 */
export interface SandboxFaults {
  /** How many downloads are cut, and after how many bytes. By document id, `*` for any. */
  cutDownloads: Map<string, { afterBytes: number; times: number }>;
  /**
   * How many calls are answered with which status. By operation, including `login` and `download`,
   * or `operation thing` for one document or report.
   */
  answers: Map<string, { status: number; times: number }>;
  /** How many calls are delayed, and by how much. Keys as in `answers`. */
  holds: Map<string, { ms: number; times: number }>;
}

/** Returns a plan without faults. */
export function noFaults(): SandboxFaults {
  return { cutDownloads: new Map(), answers: new Map(), holds: new Map() };
}

/** Takes one fault of the first key that has any left. */
export function takeFault<Fault extends { times: number }>(
  planned: ReadonlyMap<string, Fault>,
  keys: readonly string[],
): Fault | undefined {
  const fault = keys.map((key) => planned.get(key)).find((each) => each && each.times > 0);
  if (fault) fault.times -= 1;
  return fault;
}
