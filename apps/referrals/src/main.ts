import { startFromEnv } from '@footbridge/service';
import { referralsService } from './index.js';

await startFromEnv(referralsService);
