import { problemOf } from '../base/thrown';

/** Opens an address in the default browser; where that fails, says so. */
export async function openInBrowser(url: string, report: (line: string) => void): Promise<void> {
  const fail = (reason: string) => {
    report(`No browser could be opened: ${reason}`);
  };
  try {
    const { default: open } = await import('open');
    const opener = await open(url);
    opener.once('error', ({ message }) => {
      fail(message);
    });
    opener.once('exit', (code) => {
      if (code !== null && code !== 0) fail(`the system's program for it ended with ${code}`);
    });
  } catch (error) {
    fail(problemOf(error));
  }
}
