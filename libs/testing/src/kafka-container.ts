import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A Kafka container's address, or undefined where no container engine answers. testcontainers removes it after the run. */
export async function kafkaContainer(): Promise<string | undefined> {
  const sockets = ['/var/run/docker.sock', join(process.env['HOME'] ?? '/', '.docker/run/docker.sock'), ...(process.env['XDG_RUNTIME_DIR'] ? [join(process.env['XDG_RUNTIME_DIR'], 'podman/podman.sock'), join(process.env['XDG_RUNTIME_DIR'], 'docker.sock')] : [])];
  if (!process.env['DOCKER_HOST'] && !sockets.some((path) => existsSync(path))) return undefined; // spares the others a second of loading
  try {
    const { KafkaContainer } = await import('@testcontainers/kafka');
    const container = await new KafkaContainer('confluentinc/cp-kafka:8.1.0').withKraft().withEnvironment({ KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false', KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0', KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '1000' }).start();
    return `${container.getHost()}:${container.getMappedPort(9093)}`;
  } catch { return undefined; }
}
