import { writeFileSync } from 'node:fs';
import { compiledJson } from '../dist/schema/compiled.js';
import { packagedSchemasFolder, readSchemas } from '../dist/schema/read.js';

/** Part of the build: keeps what the report schemas that come with the program say, so that it need not read and check them at each start. */
readSchemas({ folders: [packagedSchemasFolder()] });
writeFileSync(new URL('../dist/schema/compiled.json', import.meta.url), compiledJson());
