/** Every service's topic has as many; changing it would move aggregates to other partitions and lose their order. */
export const PARTITIONS = 6;

/** FNV-1a of the key, then murmur3's last mix: the same for ever and in every language, unlike a client library's default. */
export function partitionOf(key: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(key, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % PARTITIONS;
}
