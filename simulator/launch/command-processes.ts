import { type ChildProcess, execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What a command runs. Of `npm start` these are npm, a shell, and the bot. */
export interface CommandProcesses {
  signal(signal: NodeJS.Signals): void;
  areRunning(): Promise<boolean>;
}

interface RunningProcess {
  pid: number;
  parent: number;
  group: number;
}

/** For a command that was started in a process group of its own. */
export function processGroupOf({ pid }: ChildProcess): CommandProcesses {
  const signal = (name: NodeJS.Signals | 0) => pid !== undefined && sendSignal(-pid, name);
  return {
    signal,
    areRunning: async () => {
      if (!signal(0)) return false;
      return (await runningProcesses()).some(({ group }) => group === pid);
    },
  };
}

/**
 * For a command in the process group of others: itself and those that descend from it now. They are found before they
 * are signalled, because what a process has started cannot be told once it has ended.
 */
export async function processTreeOf(child: ChildProcess): Promise<CommandProcesses> {
  const descendants = child.pid === undefined ? [] : descendantsOf(child.pid, await runningProcesses());
  return {
    signal: (name) => {
      child.kill(name); // Not by its number, which may be another process's once it has ended.
      for (const pid of descendants) sendSignal(pid, name);
    },
    areRunning: async () => {
      if (descendants.length === 0) return false;
      return (await runningProcesses()).some(({ pid }) => descendants.includes(pid));
    },
  };
}

function descendantsOf(pid: number, processes: readonly RunningProcess[]): number[] {
  const children = processes.filter(({ parent }) => parent === pid);
  return children.flatMap((child) => [child.pid, ...descendantsOf(child.pid, processes)]);
}

/** Whether there was anything to send it to. */
function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    // ESRCH: it has ended. EPERM: macOS says so of a group in which all have ended; or it runs as another user.
    return false;
  }
}

/**
 * All on this machine, without those that have ended and whose parents have not asked for the exit code: in a container
 * nobody may ever ask. Where there is no `ps`, as on Windows and in some containers, none.
 */
async function runningProcesses(): Promise<RunningProcess[]> {
  if (process.platform === 'win32') return [];
  const columns = ['pid=', 'ppid=', 'pgid=', 'stat='].flatMap((column) => ['-o', column]);
  const { stdout } = await promisify(execFile)('ps', ['-A', ...columns]).catch(() => ({ stdout: '' }));
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/));
  return rows
    .filter(([, , , state]) => state !== undefined && !state.startsWith('Z'))
    .map(([pid, parent, group]) => ({ pid: Number(pid), parent: Number(parent), group: Number(group) }));
}
