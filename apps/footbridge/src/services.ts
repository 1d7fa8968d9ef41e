import { notificationsService } from '@footbridge/notifications';
import { referralsService } from '@footbridge/referrals';
import { reintegrationService } from '@footbridge/reintegration';
import { returnsService } from '@footbridge/returns';
import type { ServiceDefinition } from '@footbridge/service';
import { sheltersService } from '@footbridge/shelters';

/** The five services of an instance. */
export const services: readonly ServiceDefinition[] = [referralsService, sheltersService, returnsService, reintegrationService, notificationsService];
