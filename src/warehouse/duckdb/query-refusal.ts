/** Why a query is not run; becomes QUERY_FAILED. */
export class QueryRefusal extends Error {}
