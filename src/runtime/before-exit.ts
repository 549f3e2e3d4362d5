type CleanUp = () => Promise<void>;

const cleanUps = new Set<CleanUp>();

/**
 * Registers what must be done before the program exits because of an error that nothing handles,
 * for example releasing messages. Returns a function that takes it back.
 */
export function beforeAbruptExit(cleanUp: CleanUp): () => void {
  cleanUps.add(cleanUp);
  return () => cleanUps.delete(cleanUp);
}

/** Does all that is registered. Never rejects: the program exits anyway. */
export async function cleanUpBeforeExit(): Promise<void> {
  await Promise.allSettled([...cleanUps].map((cleanUp) => cleanUp()));
}
