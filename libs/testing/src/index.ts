export { testDatabase, ownPostgres, postgresLog, type OwnServer } from './postgres.js';
export { kafkaBrokers, ownKafka } from './kafka.js';
export { webhookReceiver, type WebhookReceiver, type ReceivedRequest, type Behaviour } from './webhook-receiver.js';
export { selfSignedCertificate } from './certificate.js';
export { freePort } from './free-port.js';
export { testClock, type TestClock } from './test-clock.js';
export { waitUntil } from './wait-until.js';
export { testInstance, testIssuer, type TestAccount, type TestAnswer, type TestInstance, type TestIssuer } from './instance.js';
export { say, speaker, type Said } from './speaker.js';
