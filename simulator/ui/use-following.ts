import { useSignal } from '@preact/signals';
import { type RefObject } from 'preact';
import { useCallback, useLayoutEffect, useRef } from 'preact/hooks';

/** Pixels from the end that still count as reading along. */
const NEAR = 80;

/**
 * Keeps a log at its end while it grows, until its reader scrolls up. Only scrolling up ends it: that there is a
 * distance to the end also happens when something has just become higher, and then the log is to follow.
 */
export function useFollowing(log: RefObject<HTMLElement | null>, content: RefObject<HTMLElement | null>) {
  const isFollowing = useSignal(true);
  const lastTop = useRef(0);
  const toEnd = useCallback(() => {
    isFollowing.value = true;
    if (!log.current) return;
    log.current.scrollTop = log.current.scrollHeight;
    lastTop.current = log.current.scrollTop;
  }, []);
  const onScroll = useCallback(() => {
    if (!log.current) return;
    const { scrollHeight, scrollTop, clientHeight } = log.current;
    const isNearEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    if (isNearEnd) isFollowing.value = true;
    else if (scrollTop < lastTop.current) isFollowing.value = false;
    lastTop.current = scrollTop;
  }, []);
  useLayoutEffect(() => {
    if (!log.current || !content.current) return undefined;
    // Before anything is painted: whatever the content becomes, and however high the window is.
    const observer = new ResizeObserver(() => {
      if (isFollowing.peek()) toEnd();
    });
    observer.observe(log.current);
    observer.observe(content.current);
    return () => {
      observer.disconnect();
    };
  }, []);
  return { isFollowing: isFollowing.value, onScroll, toEnd };
}
