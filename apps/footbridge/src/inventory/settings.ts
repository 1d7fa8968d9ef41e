import type { DataClass } from '@footbridge/privacy';

/**
 * Everything that the environment can say to us, by class. `direct` is what opens something: it is read, never said again. A spec
 * walks the sources and finds each name that is read and not here, or here and not read.
 */
export const settings: Readonly<Record<DataClass, string>> = {
  open: 'NODE_ENV PORT HOST METRICS_PORT TRANSPORT KAFKA_SSL KAFKA_SASL_MECHANISM FOOTBRIDGE_CLOCK FOOTBRIDGE_CLOCK_OFFSET FOOTBRIDGE_WEBHOOKS FOOTBRIDGE_DEMONSTRATION FOOTBRIDGE_LOG FOOTBRIDGE_URL OIDC_AUDIENCE JEST_WORKER_ID',
  operational: 'FOOTBRIDGE_DATA INIT_CWD PATH KAFKA_BROKERS KAFKA_SASL_USERNAME KAFKA_SASL_PASSWORD_FILE KAFKA_SSL_CA_FILE OIDC_ISSUER OIDC_JWKS_URI KEYS_DIR IDENTITY_KEYS_FILE ACCOUNTS_FILE IDENTITY_URL IDENTITY_PROBE FOOTBRIDGE_MAIL_FROM FOOTBRIDGE_ACCOUNT',
  quasi: '', special: '',
  direct: 'DATABASE_URL MIGRATION_URL BUS_URL KAFKA_SASL_PASSWORD FOOTBRIDGE_SECRET FOOTBRIDGE_SMTP_URL',
};
