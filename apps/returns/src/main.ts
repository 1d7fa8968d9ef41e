import { startFromEnv } from '@footbridge/service';
import { returnsService } from './index.js';

await startFromEnv(returnsService);
