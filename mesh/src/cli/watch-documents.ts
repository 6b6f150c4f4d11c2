import { type FSWatcher, watch } from 'node:fs';
import { watchedFolders } from '../config/reading/paths.ts';

/** How long the folders must be quiet before they are read: editors and tools write several files at once. */
const settleMs = 150;

/**
 * Calls `onChange` after a change in a folder of the documents. Folders that come, go or are replaced are followed: the
 * list is found again after each change. `onFailure` gets the system's error if it refuses to watch a folder.
 *
 * @param paths files, folders and patterns
 * @returns ends it
 */
export async function watchDocuments(
  paths: readonly string[],
  { onChange, onFailure }: { onChange: () => void; onFailure: (error: unknown) => void },
): Promise<() => void> {
  let timer: NodeJS.Timeout | undefined;
  let watchers: FSWatcher[] = [];
  let stopped = false;
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void follow().then(() => stopped || onChange()), settleMs);
  };
  const follow = async () => {
    const folders = await watchedFolders(paths);
    if (stopped) return;
    const before = watchers;
    // The new ones first: no change falls between the two.
    watchers = folders.flatMap((folder) => {
      try {
        return [watch(folder, changed).on('error', onFailure)];
      } catch (error) {
        onFailure(error);
        return [];
      }
    });
    for (const watcher of before) watcher.close();
  };
  await follow();
  return () => {
    stopped = true;
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
