import { useSignal } from '@preact/signals';
import { sendFiles } from './say';

/** What makes a part of the page take files that are dropped on it. */
export function useDroppedFiles() {
  const isOver = useSignal(false);
  return {
    isOver: isOver.value,
    onDragOver: (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      isOver.value = true;
    },
    onDragLeave: ({ currentTarget, relatedTarget }: DragEvent) => {
      const isInside = relatedTarget instanceof Node && (currentTarget as Node).contains(relatedTarget);
      if (!isInside) isOver.value = false;
    },
    onDrop: (event: DragEvent) => {
      isOver.value = false;
      const files = event.dataTransfer?.files;
      if (!files || files.length === 0) return;
      event.preventDefault();
      void sendFiles(files);
    },
  };
}
