export default async function globalTeardown() {
  const keeper = globalThis.footbridgeKeeper;
  const ended = new Promise((resolve) => keeper.once('exit', resolve));
  keeper.stdin.end();
  await ended;
}
