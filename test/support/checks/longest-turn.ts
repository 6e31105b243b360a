/**
 * How long the event loop was kept from going on while `work` was done. Milliseconds of this process's time, so that
 * what else the machine does is not counted.
 */
export async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let [isDone, longest] = [false, 0];
  const watched = (async () => {
    let before = process.cpuUsage();
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve));
      const { user, system } = process.cpuUsage(before);
      before = process.cpuUsage();
      longest = Math.max(longest, (user + system) / 1000);
    }
  })();
  await work();
  isDone = true;
  await watched;
  return longest;
}
