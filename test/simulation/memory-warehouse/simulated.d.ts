/** What each simulated process finds in place of a database server. */
declare module 'simulated:database' {
  export const link: import('./database.js').DatabaseLink;
}
