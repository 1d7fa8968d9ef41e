import { startFromEnv } from '@footbridge/service';
import { sheltersService } from './index.js';

await startFromEnv(sheltersService);
