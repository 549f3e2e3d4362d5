import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Part of the build: stores the parsed packaged schemas in the folder of the built program, so that
 * no start has to read and check them.
 */
export async function compileSchemas(dist) {
  const built = (name) => import(pathToFileURL(join(dist, 'schema', name)).href);
  const { compiledJson } = await built('compiled.js');
  const { packagedSchemasFolder, readSchemas } = await built('read.js');
  readSchemas({ folders: [packagedSchemasFolder()] });
  writeFileSync(join(dist, 'schema/compiled.json'), compiledJson());
}
