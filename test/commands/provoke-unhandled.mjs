/**
 * Imported into the program by a test: as soon as a document is located, an error occurs that
 * nothing handles, and the call gets no answer.
 */
const provoke = {
  unhandledRejection: (error) => void Promise.reject(error),
  uncaughtException: (error) =>
    setImmediate(() => {
      throw error;
    }),
}[process.env.PROVOKE_UNHANDLED];

const { fetch } = globalThis;
globalThis.fetch = (url, options) => {
  if (!String(url).includes('/documents/')) return fetch(url, options);
  provoke(new TypeError(`provoked with ${process.env.SECRET_0}`));
  return new Promise(() => {});
};
