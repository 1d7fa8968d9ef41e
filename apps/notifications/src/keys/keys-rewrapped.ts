import { projection } from '@footbridge/service';

type Handle = Parameters<typeof projection>[1][string];
const by = (service: string): Handle => async (tx, { data }) => {
  await tx.query(`insert into keys_rewrapped (organisation, service, key_version) values ($1, $2, $3)
    on conflict (organisation, service) do update set key_version = greatest(keys_rewrapped.key_version, excluded.key_version)`, [data['organisation'], service, data['keyVersion']]);
};
/** Which services have given their word that no case of theirs hangs on an old key. */
export const KeysRewrapped = projection('KeysRewrapped', {
  KeysRewrappedByReferrals: by('referrals'), KeysRewrappedByShelters: by('shelters'), KeysRewrappedByReturns: by('returns'), KeysRewrappedByReintegration: by('reintegration'), KeysRewrappedByNotifications: by('notifications'),
});
