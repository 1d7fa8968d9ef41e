import { Priority, ServiceProfile } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';

export class RequestBedsBody {
  /** Out of `GET /v1/shelter-directory`. */
  @is.refs('shl') shelters!: string[];
  @is.code(Priority) priority!: Priority;
  @is.code(ServiceProfile) profile!: ServiceProfile;
  @is.integer({ min: 1, max: 20 }) partySize!: number;
  @is.languages() languages!: string[];
  @is.boolean({ optional: true, example: false }) accessNeeded?: boolean;
  @is.instant() neededFrom!: string;
}
