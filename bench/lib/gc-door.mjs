// Preloaded into a server that is watched (node --expose-gc --import …): says over IPC what it holds after collecting garbage.
process.on('message', (message) => {
  if (message !== 'memory') return;
  globalThis.gc();
  globalThis.gc();
  process.send(process.memoryUsage());
});
process.channel?.unref();
