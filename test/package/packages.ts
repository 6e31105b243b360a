/** A package of this repository that is published. */
export interface PublishedPackage {
  readonly name: string;
  /** From the project's folder. */
  readonly folder: string;
  /** What it is used for, among what it exports. */
  readonly mainExport: string;
  /** All files beside the code and its types. */
  readonly otherFiles: readonly string[];
  /** What is small enough. Whoever goes beyond one of these shall have a reason to. */
  readonly limits: {
    /** Bytes. */
    readonly tarball: number;
    /** Bytes. */
    readonly unpacked: number;
    /** Packages that come along. */
    readonly packages: number;
    /** Bytes of them. */
    readonly brought: number;
  };
}

export const PLUGIN: PublishedPackage = {
  name: 'botkit-plugin-facebook-attachments',
  folder: '.',
  mainExport: 'FacebookAttachmentCache',
  otherFiles: ['LICENSE', 'README.md', 'package.json'],
  // 50 kB of these are http-cache-semantics, so that `fetchFrom` need not have rules of its own for HTTP's caches.
  // And 40 kB of the package itself are `facebook-attachments doctor`, `prune` and what `forget` finds by paths and IDs.
  // And 5 kB let many first messages read their IDs in a few calls of the store.
  // And 50 kB are suggestions for misspelt names and types, checks of each method's options, and errors that say which
  // message they are about.
  limits: { tarball: 210_000, unpacked: 730_000, packages: 23, brought: 6_300_000 },
};

export const SIMULATOR: PublishedPackage = {
  name: 'messenger-platform-simulator',
  folder: 'simulator',
  mainExport: 'startSimulator',
  otherFiles: [
    'Dockerfile',
    'LICENSE',
    'README.md',
    'dist/ui/icon.svg',
    'dist/ui/index.html',
    'dist/ui/ui.css',
    'docs/control-api.md',
    'docs/images/simulator-light.png',
    'docs/testing.md',
    'package.json',
  ],
  // A third of these is the picture in the README.
  limits: { tarball: 300_000, unpacked: 900_000, packages: 130, brought: 19_000_000 },
};
