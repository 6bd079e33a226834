// A link to another choice on this page: followed without a reload, opened in a new tab like any other.

import type { ComponentChildren } from "preact";
import type { Address } from "../address";
import { useBoard } from "./board";

interface Props {
  readonly to: Partial<Address>;
  /** No new step for "back". */
  readonly replace?: boolean;
  readonly current?: boolean;
  readonly class?: string;
  readonly lang?: string;
  readonly label?: string;
  /** Done besides, when it is followed. */
  readonly then?: () => void;
  readonly children: ComponentChildren;
}

export function Link({
  to,
  replace = false,
  current = false,
  class: name,
  lang,
  label,
  then,
  children,
}: Props) {
  const { navigation } = useBoard();
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigation.go(to, { replace });
    if (then) then();
  };
  return (
    <a
      href={navigation.href(to)}
      onClick={follow}
      class={name}
      lang={lang}
      hrefLang={lang}
      aria-label={label}
      title={label}
      aria-current={current ? "true" : undefined}
    >
      {children}
    </a>
  );
}
