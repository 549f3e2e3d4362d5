import { defaultDocumentLimits } from '../../src/config/documents-spec.js';
import { describeLimits } from './limit-cases.js';

describeLimits('with the default limits', defaultDocumentLimits);
