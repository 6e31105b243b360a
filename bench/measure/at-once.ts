/** How many sends are under way at a time. */
const WIDTH = 32;

/** Does something for each number below `count`, some at a time. */
export async function atOnce(
  count: number,
  work: (index: number) => Promise<unknown>,
  width = WIDTH,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** Recipients that nobody has sent to yet, in no process, round after round. */
export function newRecipients(): () => string {
  let last = 0;
  return () => `${process.pid}-${++last}`;
}
