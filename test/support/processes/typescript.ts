/** What Node has to be told so that a process runs TypeScript. */
export const TYPESCRIPT: readonly string[] = ['--require', require.resolve('./load-typescript.cjs')];
