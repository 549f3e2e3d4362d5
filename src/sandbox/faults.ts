/** What goes wrong at the sandbox, until it is used up. A test adds to these maps and takes away nothing. */
export interface SandboxFaults {
  /** So many downloads are cut after so many bytes. By document id, `*` for any. */
  cutDownloads: Map<string, { afterBytes: number; times: number }>;
  /** So many calls are answered with this status. By operation, or `operation thing` for one document or report; `login` and `download` too. */
  answers: Map<string, { status: number; times: number }>;
  /** So many calls are answered this much later. Keys as in `answers`. */
  holds: Map<string, { ms: number; times: number }>;
}

/** Nothing goes wrong. */
export function noFaults(): SandboxFaults {
  return { cutDownloads: new Map(), answers: new Map(), holds: new Map() };
}

/** The fault planned under the first of the keys that has one left, one time less from now on. */
export function takeFault<Fault extends { times: number }>(
  planned: ReadonlyMap<string, Fault>,
  keys: readonly string[],
): Fault | undefined {
  const fault = keys.map((key) => planned.get(key)).find((each) => each && each.times > 0);
  if (fault) fault.times -= 1;
  return fault;
}
