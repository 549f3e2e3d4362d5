import type google from '@google-cloud/bigquery/build/src/types.js';

/**
 * The requests to BigQuery's API, with the bodies and parameters that Google generates from the
 * API's description. The API ignores a field in the wrong place, so that only types find it.
 */
export type ApiRequest =
  | Read<`/datasets/${string}`>
  | Read<`/datasets/${string}/tables`, google.default.tables.IListParams>
  | Read<`/jobs/${string}`, google.default.jobs.IGetParams>
  | Read<`/queries/${string}`, google.default.jobs.IGetQueryResultsParams>
  | Call<'DELETE', `/datasets/${string}/tables/${string}`>
  | Call<'POST', `/jobs/${string}/cancel`, google.default.jobs.ICancelParams>
  | (Call<'POST', '/jobs'> & { json: JobRequest })
  | (Call<'POST', '/datasets'> & { json: google.default.IDataset })
  | (Call<'POST', `/datasets/${string}/tables`> & { json: google.default.ITable });

/** `uri` begins at the project. */
interface Read<Uri, Parameters = never> {
  method?: 'GET';
  uri: Uri;
  qs?: Parameters;
}

interface Call<Method, Uri, Parameters = never> {
  method: Method;
  uri: Uri;
  qs?: Parameters;
}

export type JobRequest = google.default.IJob;
export type JobConfiguration = google.default.IJobConfiguration;
export type LoadConfiguration = google.default.IJobConfigurationLoad;
