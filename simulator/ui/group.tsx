import { type ComponentChildren } from 'preact';

interface GroupProps {
  name: string;
  hint?: string | undefined;
  children: ComponentChildren;
}

/** Controls that belong together, under a name. */
export function Group({ name, hint, children }: GroupProps) {
  return (
    <fieldset class="group">
      <legend>{name}</legend>
      {hint !== undefined && <p class="hint">{hint}</p>}
      <div class="group-row">{children}</div>
    </fieldset>
  );
}
