import { startFromEnv } from '@footbridge/service';
import { notificationsService } from './index.js';

await startFromEnv(notificationsService);
