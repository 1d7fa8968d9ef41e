import { startFromEnv } from '@footbridge/service';
import { reintegrationService } from './index.js';

await startFromEnv(reintegrationService);
