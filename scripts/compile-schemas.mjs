import { writeFileSync } from 'node:fs';
import { compiledJson } from '../dist/schema/compiled.js';
import { packagedSchemasFolder, readSchemas } from '../dist/schema/read.js';

/**
 * Part of the build: stores the parsed packaged schemas, so that no start has to read and check
 * them.
 */
readSchemas({ folders: [packagedSchemasFolder()] });
writeFileSync(new URL('../dist/schema/compiled.json', import.meta.url), compiledJson());
