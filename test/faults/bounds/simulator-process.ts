/** A simulator alone in a process. It sends its address, and its memory whenever it is sent anything. */
import { startSimulator } from 'messenger-platform-simulator';

export interface SimulatorMemory {
  /** Bytes that are in use, after a garbage collection. */
  used: number;
  /** Bytes of the process. */
  resident: number;
}

async function main(): Promise<void> {
  const { httpUrl } = await startSimulator({ windows: 'open' });
  process.on('message', () => {
    globalThis.gc?.();
    const { heapUsed, external, rss } = process.memoryUsage();
    process.send?.({ used: heapUsed + external, resident: rss } satisfies SimulatorMemory);
  });
  process.send?.(httpUrl);
}

void main();
